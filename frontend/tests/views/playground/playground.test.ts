// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PlaygroundLayer, PlaygroundSetup } from "../../../src/messages/playground";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { KERNEL_DISCONNECTED } from "../../../src/transport/channel";
import { playgroundMessages, playgroundRequests } from "../../fixtures/messages";
import { stubObservers } from "../../observers";
import { FakeKernel, openPage } from "./fake-kernel";

let kernel: FakeKernel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  stubObservers();
  HTMLCanvasElement.prototype.getContext = () => null;
  kernel = new FakeKernel();
  ({ root, close } = openPage(kernel));
});

afterEach(() => {
  close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function show(): void {
  kernel.sendSetup();
  kernel.sendFrame();
  vi.advanceTimersByTime(20);
}

function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll("button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
  );
  if (!found) throw new Error(`There is no button ${name}.`);
  return found;
}

function field(name: string): HTMLInputElement & HTMLSelectElement {
  return root.querySelector(`[name=${name}]`) as HTMLInputElement & HTMLSelectElement;
}

function layer(units: number, inputs: number, source = 0, more: Partial<PlaygroundLayer> = {}) {
  const counts = { units, all_units: units, inputs, all_inputs: inputs };
  return { name: "", ...counts, source, note: "", ...more };
}

function choose(name: string, value: string): void {
  field(name).value = value;
  field(name).dispatchEvent(new Event("change"));
}

describe("the connection", () => {
  it("says hello until the setup arrives", () => {
    vi.advanceTimersByTime(3100);
    expect(kernel.asked("hello").length).toBe(3);
    expect(kernel.asked("hello")[0]?.protocol).toBe(PROTOCOL_VERSION);
    show();
    vi.advanceTimersByTime(5000);
    expect(kernel.asked("hello").length).toBe(3);
  });

  it("acknowledges a frame after it was drawn, and only the newest is drawn", () => {
    kernel.sendSetup();
    kernel.sendFrame({ number: 4, answer: true, step: 10 });
    kernel.sendFrame({ number: 5, answer: true, step: 20 });
    expect(kernel.asked("sight")).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(kernel.asked("sight").map(({ number }) => number)).toEqual([5]);
    const view = root.querySelector<HTMLElement>("[data-labkit-view=playground]");
    expect(view?.dataset.labkitStep).toBe("20");
    expect(view?.dataset.labkitFrames).toBe("1");
  });

  it("reports each second that it is in sight, and at the end that it is not", () => {
    show();
    const before = kernel.asked("sight").length;
    vi.advanceTimersByTime(3000);
    expect(kernel.asked("sight").length).toBe(before + 3);
    close();
    expect(kernel.asked("sight").at(-1)?.visible).toBe(false);
    const { length } = kernel.requests;
    vi.advanceTimersByTime(3000);
    expect(kernel.requests.length).toBe(length);
  });

  it("asks for buffers as text if they are lost", () => {
    kernel.emit({ ...playgroundSetupWithoutBuffers() });
    expect(kernel.asked("text").length).toBe(1);
  });

  it("says that the kernel is gone, also when it was there before", () => {
    show();
    kernel.end();
    expect(root.querySelector("[role=alert]")?.textContent).toBe(KERNEL_DISCONNECTED);
  });

  it("says that the kernel has another version, or is gone", () => {
    kernel.sendSetup({ protocol: 1 } as never);
    expect(root.textContent).toContain("version 1");
    kernel.comm_live = false;
    ({ root, close } = openPage(kernel));
    vi.advanceTimersByTime(100);
    expect(root.textContent).toContain(KERNEL_DISCONNECTED);
  });
});

function playgroundSetupWithoutBuffers() {
  return { type: "setup", protocol: PROTOCOL_VERSION };
}

describe("the controls", () => {
  it("send what the kernel expects", () => {
    show();
    kernel.sendFrame({ playing: "paused" });
    vi.advanceTimersByTime(20);
    button("Play").click();
    for (const name of ["Reset", "Step", "Epoch", "Code"]) button(name).click();
    const sent = kernel.requests.filter(({ type }) => type !== "sight" && type !== "hello");
    const { play, reset, step, epoch, code } = playgroundRequests;
    expect(sent).toEqual([play, reset, step, epoch, code]);
  });

  it("pause while it plays, and count epochs and steps", () => {
    kernel.sendSetup();
    kernel.sendFrame({ playing: "playing", step: 29 });
    vi.advanceTimersByTime(20);
    expect(root.textContent).toContain("Epoch 2, step 29");
    button("Pause").click();
    expect(kernel.asked("play")).toEqual([{ type: "play", playing: false }]);
  });

  it("change settings, a slider only when it rests", () => {
    show();
    choose("optimizer", "sgd");
    choose("lr", "0.1");
    for (const value of ["0.3", "0.35", "0.4"]) {
      field("noise").value = value;
      field("noise").dispatchEvent(new Event("input"));
    }
    vi.advanceTimersByTime(200);
    expect(kernel.asked("change").map(({ settings }) => settings)).toEqual([
      { optimizer: "sgd" },
      { lr: 0.1 },
      { noise: 0.4 },
    ]);
  });

  it("show what holds again when a change is refused", () => {
    show();
    choose("seed", "9");
    kernel.emit({ type: "refused", reason: "No." });
    expect(root.querySelector("[role=alert]")?.textContent).toBe("No.");
    expect(field("seed").value).toBe("0");
  });

  it("choose data by their pictures, and the next seed", () => {
    show();
    const data = [...root.querySelectorAll<HTMLInputElement>("[type=radio]")];
    expect(data.map((each) => each.getAttribute("aria-label"))).toContain("Spirals");
    expect(data.find(({ checked }) => checked)?.value).toBe("moons");
    data.find(({ value }) => value === "xor")?.click();
    button("Next").click();
    expect(kernel.asked("change").map(({ settings }) => settings)).toEqual([
      { data: "xor" },
      { seed: 1 },
    ]);
  });

  it("are not those of another playground on the page", async () => {
    vi.resetModules(); // Each widget loads its own copy of the script.
    const { DataMenu } = await import("../../../src/views/playground/data-menu");
    const other = new DataMenu(() => undefined).element.querySelector("input");
    expect(root.querySelector<HTMLInputElement>("[type=radio]")?.name).not.toBe(other?.name);
  });

  it("show no other data beside one's own", () => {
    kernel.sendSetup({ own_data: true });
    const group = root.querySelector("[role=radiogroup]");
    expect(group?.textContent).toBe("Data2 points of yours");
    expect(group?.querySelector<HTMLElement>(".playground-data-list")?.hidden).toBe(true);
  });

  it("send both of two sliders that are moved at once", () => {
    show();
    for (const name of ["noise", "split"]) {
      field(name).value = "0.5";
      field(name).dispatchEvent(new Event("input"));
    }
    vi.advanceTimersByTime(200);
    expect(kernel.asked("change").map(({ settings }) => settings)).toEqual([
      { noise: 0.5 },
      { split: 0.5 },
    ]);
  });

  it("say that a network that is out of sight waits", () => {
    kernel.sendSetup();
    kernel.sendFrame({ playing: "waiting" });
    vi.advanceTimersByTime(20);
    expect(root.querySelector(".playground-count")?.textContent).toContain("waits");
    expect(button("Pause")).toBeDefined();
  });

  it("offer the losses of the data", () => {
    kernel.sendSetup({ regression: true } as never);
    expect([...field("loss").options].map(({ value }) => value)).toEqual(["mse", "l1", "huber"]);
    kernel.sendSetup({ outputs: 3 });
    expect([...field("loss").options].map(({ value }) => value)).toEqual(["ce", "hinge"]);
  });
});

describe("the network", () => {
  it("has a tile for each input and unit, and a line for each weight", () => {
    show();
    expect(root.querySelectorAll(".playground-tile").length).toBe(7 + 2 + 1);
    expect(root.querySelectorAll(".playground-edge").length).toBe(2 * 2 + 2);
    const on = root.querySelectorAll(".playground-tile[aria-pressed=true]");
    expect([...on].map((each) => each.getAttribute("aria-label"))).toEqual([
      "Input x₁",
      "Input x₁·x₂",
    ]);
  });

  it("adds and removes inputs, units and layers", () => {
    show();
    button("Input x₂").click();
    button("Input x₁").click();
    button("Add a unit of layer 1").click();
    button("Add a hidden layer").click();
    button("Remove a hidden layer").click();
    expect(kernel.asked("change").map(({ settings }) => settings)).toEqual([
      { features: ["x1", "x1*x2", "x2"] },
      { features: ["x1*x2"] },
      { hidden: [3] },
      { hidden: [2, 2] },
      { hidden: [] },
    ]);
  });

  it("shows the weights of a unit, and sends changes", () => {
    show();
    button("Unit 2 of layer 1").click();
    const fields = [...root.querySelectorAll<HTMLInputElement>(".playground-weight [type=number]")];
    expect(fields.map(({ value }) => value)).toEqual(["3.000", "4.000", "0.200"]);
    (fields[2] as HTMLInputElement).value = "0.5";
    fields[2]?.dispatchEvent(new Event("change"));
    expect(kernel.asked("weight")).toEqual([playgroundRequests.weight]);
  });

  it("gives the focus to the weight of a line that is clicked", () => {
    show();
    const line = root.querySelector("[data-labkit-edge='1,0,1']");
    line?.dispatchEvent(new MouseEvent("click"));
    expect(root.textContent).toContain("Output: weights");
    expect((document.activeElement as HTMLInputElement).value).toBe("-2.000");
    expect(document.activeElement?.getAttribute("aria-label")).toBe(
      "Weight from Unit 2 of layer 1",
    );
  });

  it("is reached by the Tab key once, and then by arrow keys", () => {
    show();
    expect(root.querySelectorAll(".playground-tile[tabindex='0']").length).toBe(1);
    button("Input x₁").focus();
    for (const key of ["ArrowRight", "ArrowDown", "ArrowRight"]) {
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Output");
  });

  it("draws the unit under the pointer large", () => {
    vi.spyOn(HTMLCanvasElement.prototype, "clientWidth", "get").mockReturnValue(300);
    show();
    const caption = () => root.querySelector(".playground-caption")?.textContent;
    expect(caption()).toBe("Output of the network");
    button("Unit 1 of layer 1").dispatchEvent(new Event("pointerenter"));
    vi.advanceTimersByTime(20);
    expect(caption()).toBe("Unit 1 of layer 1");
    button("Unit 1 of layer 1").dispatchEvent(new Event("pointerleave"));
    vi.advanceTimersByTime(20);
    expect(caption()).toBe("Output of the network");
  });

  it("shows the weight under the pointer as it changes, and the lines of a unit", () => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(600);
    show();
    const tip = () => root.querySelector<HTMLElement>(".playground-tip");
    const line = root.querySelector("[data-labkit-edge='1,0,1']");
    line?.dispatchEvent(new Event("pointerenter"));
    expect(tip()?.textContent).toBe("weight −2");
    kernel.sendFrame({}, undefined, [1, 2, 3, 4, 0.1, 0.2, -1, -3, 0.3]);
    vi.advanceTimersByTime(20);
    expect(tip()?.textContent).toBe("weight −3");
    line?.dispatchEvent(new Event("pointerleave"));
    expect(tip()?.hidden).toBe(true);
    button("Input x₁·x₂").dispatchEvent(new Event("pointerenter"));
    expect(root.querySelectorAll(".playground-edge[data-emphasised]").length).toBe(2);
    button("Unit 1 of layer 1").dispatchEvent(new Event("pointerenter"));
    expect(root.querySelectorAll(".playground-edge[data-emphasised]").length).toBe(3);
  });

  it("survives frames of a network whose setup has just changed", () => {
    show();
    kernel.sendSetup({ layers: [layer(5, 2), layer(4, 5, 1), layer(1, 4, 2)] });
    vi.advanceTimersByTime(50);
    expect(root.querySelectorAll(".playground-tile").length).toBe(7 + 5 + 4 + 1);
  });

  it("draws no line of a layer whose inputs come from elsewhere, and says why", () => {
    const note = "Before them comes torch.cat.";
    kernel.sendSetup({
      own_model: "Net",
      layers: [
        layer(2, 2, 0, { name: "fc1" }),
        layer(1, 2, 0, { name: "fc2", source: null, note, all_inputs: 64 }),
      ],
    });
    kernel.sendFrame();
    vi.advanceTimersByTime(20);
    expect(root.querySelectorAll(".playground-edge").length).toBe(4);
    expect(root.querySelector("[role=note]")?.getAttribute("aria-label")).toBe(note);
    button("Output").click();
    expect(root.querySelector(".playground-weights")?.textContent).toContain(
      `The first 2 of 64 weights. ${note}`,
    );
    const fields = [...root.querySelectorAll<HTMLInputElement>(".playground-weight [type=number]")];
    expect(fields.map((each) => each.getAttribute("aria-label"))).toEqual([
      "Weight from input 1",
      "Weight from input 2",
      "Weight bias",
    ]);
    expect(button("Unit 2 of fc1")).toBeDefined();
  });

  it("has an output for each of several classes, with its name", () => {
    kernel.sendSetup({
      outputs: 3,
      class_names: ["cat", "dog", "owl"],
      layers: [layer(2, 2), layer(3, 2, 1)],
    });
    kernel.sendFrame();
    vi.advanceTimersByTime(20);
    expect(button("Output for owl")).toBeDefined();
  });

  it("is replaced by a sentence for a module that cannot be drawn", () => {
    kernel.sendSetup({ own_model: "Net", why_not_drawn: "No units.", layers: [] } as never);
    kernel.sendFrame();
    vi.advanceTimersByTime(20);
    expect(root.textContent).toContain("No units.");
    expect(root.querySelector<HTMLElement>(".playground-network")?.hidden).toBe(true);
    expect(field("activation").disabled).toBe(true);
  });
});

describe("the points", () => {
  const show300 = (changes: Partial<PlaygroundSetup> = {}) => {
    vi.spyOn(HTMLCanvasElement.prototype, "clientWidth", "get").mockReturnValue(300);
    kernel.sendSetup({ train_points: 1, ...changes });
    kernel.sendFrame();
    vi.advanceTimersByTime(20);
  };

  it("that are misclassified are counted, those for the test by themselves", () => {
    show300();
    expect(root.textContent).toContain("Misclassified0 of 1, test 1 of 1");
  });

  it("have a legend of the classes where each has an output", () => {
    show300({ outputs: 3, class_names: ["cat", "dog", "owl"] });
    const names = [...root.querySelectorAll(".playground-class")].map((each) => each.textContent);
    expect(names).toEqual(["cat", "dog", "owl"]);
    expect(root.querySelector<HTMLElement>(".playground-bar")?.hidden).toBe(true);
  });

  it("are not misclassified if they have values", () => {
    show300({ regression: true, class_names: [] });
    expect(root.textContent).not.toContain("test 1 of 1");
  });
});

describe("the code and the losses", () => {
  it("shows a program, and closes it", () => {
    show();
    kernel.emit(playgroundMessages.code);
    expect(root.querySelector("pre")?.textContent).toBe("import torch\n");
    expect(root.querySelector("code")?.textContent).toBe("lk.playground('xor')");
    button("Close").click();
    expect(root.querySelector<HTMLElement>(".playground-code")?.hidden).toBe(true);
  });

  it("shows both losses, also if they are not numbers", () => {
    kernel.sendSetup();
    kernel.sendFrame({}, [Number.NaN, 0.5]);
    vi.advanceTimersByTime(20);
    expect(root.textContent).toContain("Training loss NaN");
    expect(root.querySelector("[role=alert]")?.textContent).toContain("Lower the learning rate");
    expect(root.textContent).toContain("Test loss 0.5");
  });

  it("shows the losses of the step under the pointer", () => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(300);
    kernel.sendSetup();
    kernel.sendFrame({ step: 100 }, [0.1, 0.2]);
    vi.advanceTimersByTime(20);
    const curve = root.querySelector(".playground-curve");
    curve?.dispatchEvent(new MouseEvent("pointermove"));
    expect(root.textContent).toContain("Training loss 0.7");
    expect(root.textContent).toContain("at step 0");
    curve?.dispatchEvent(new Event("pointerleave"));
    expect(root.textContent).toContain("Training loss 0.1");
    expect(root.textContent).not.toContain("at step");
  });

  it("says what to do with points of one's own that are far from zero", () => {
    kernel.sendSetup({ own_data: true, plane: [-2, 2, 90, 110] });
    expect(root.textContent).toContain("(x − x.mean(0)) / x.std(0)");
    kernel.sendSetup({ own_data: true, plane: [-2, 2, -3, 3] });
    expect(root.textContent).not.toContain("x.mean(0)");
    kernel.sendSetup({ own_data: true, regression: true, y_range: [-3000, 10] });
    expect(root.textContent).toContain("(y − y.mean()) / y.std()");
  });

  it("leaves nothing when it is closed", () => {
    show();
    close();
    expect(root.childElementCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
