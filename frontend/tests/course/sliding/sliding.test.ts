// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { render, type SlidingModel } from "../../../src/course/sliding/sliding";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { slidingRequests, slidingStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  HTMLCanvasElement.prototype.getContext = () => null;
  model = new FakeWidgetModel(slidingStates.sliding);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as SlidingModel, el: root });
  press("Home");
});

function tables(): HTMLCanvasElement[] {
  return [...root.querySelectorAll("canvas")];
}

function place(): string | undefined {
  return root.querySelector<HTMLElement>(".labkit-sliding")?.dataset.labkitPlace;
}

function products(): string[] {
  const cells = [...root.querySelectorAll(".products > div")];
  return cells.map((cell) => [...cell.querySelectorAll("span")].map((e) => e.textContent).join());
}

function sum(): string | null | undefined {
  return root.querySelector("output")?.textContent;
}

function press(key: string): void {
  tables()[0]?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

function choose(number: number, value: string): void {
  const menu = root.querySelectorAll("select")[number] as HTMLSelectElement;
  menu.value = value;
  menu.dispatchEvent(new Event("change"));
}

describe("the sliding kernel", () => {
  it("begins in the middle of the image", () => {
    const other = document.createElement("div");
    render({ model: model as unknown as SlidingModel, el: other });
    expect(other.querySelector<HTMLElement>(".labkit-sliding")?.dataset.labkitPlace).toBe("1,1");
  });

  it("shows a sentence instead if the kernel has another protocol version", () => {
    model.traits.protocol = PROTOCOL_VERSION + 1;
    const other = document.createElement("div");
    const clear = render({ model: model as unknown as SlidingModel, el: other });
    expect(other.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
    clear();
    expect(other.textContent).toBe("");
  });

  it("shows pixel, product and sum under the window", () => {
    expect(products()).toEqual(["0,0", "1,1", "3,−3", "4,4"]);
    expect(sum()).toBe("sum of the products: 2");
    expect(root.textContent).toContain("feature map: 2 × 2");
  });

  it("writes the weight that counts into a field that is left empty", () => {
    const field = root.querySelector<HTMLInputElement>(".products input") as HTMLInputElement;
    const before = field.value;
    field.value = "";
    field.dispatchEvent(new Event("input"));
    field.dispatchEvent(new Event("blur"));
    expect(field.value).toBe(before);
    expect(sum()).toBe("sum of the products: 2");
  });

  it("moves the window with the keys, and no further than the image", () => {
    press("ArrowRight");
    press("ArrowRight");
    press("ArrowDown");
    expect(place()).toBe("1,1");
    expect(products()).toEqual(["4,−4", "5,5", "7,−7", "8,8"]);
    press("Home");
    expect(place()).toBe("0,0");
  });

  it("moves the window with the pointer, on the image and on the map", () => {
    const [image, map] = tables() as [HTMLCanvasElement, HTMLCanvasElement];
    image.getBoundingClientRect = () => new DOMRect(0, 0, 30, 30);
    map.getBoundingClientRect = () => new DOMRect(0, 0, 20, 20);
    image.dispatchEvent(new MouseEvent("pointermove", { clientX: 25, clientY: 25 }));
    expect(place()).toBe("0,0");
    image.dispatchEvent(new MouseEvent("pointerdown", { clientX: 5, clientY: 5 }));
    image.dispatchEvent(new MouseEvent("pointermove", { clientX: 25, clientY: 25 }));
    image.dispatchEvent(new MouseEvent("pointerup"));
    expect(place()).toBe("1,1");
    map.dispatchEvent(new MouseEvent("pointerdown", { clientX: 15, clientY: 5 }));
    expect(place()).toBe("0,1");
  });

  it("asks for the map of another filter, and says that it waits", () => {
    choose(0, "mean");
    expect(model.traits).toMatchObject(slidingRequests.filter);
    expect(root.textContent).toContain("PyTorch computes the map");
    expect(sum()).toBe("sum of the products: 2");
    const { weights } = slidingRequests.filter.query;
    const answers = { rows: 2, columns: 2, values: [2, 3, 5, 6] };
    Object.assign(model.traits, { weights, answers, answered: 1 });
    model.listeners.get("change:answered")?.();
    expect(root.textContent).toContain("finds: the mean");
    expect(root.textContent).not.toContain("PyTorch computes the map");
  });

  it("asks for the map of an edited weight, and leaves out what is no number", () => {
    const field = root.querySelector(".products input") as HTMLInputElement;
    field.value = "";
    field.dispatchEvent(new Event("input"));
    expect(model.saved).toBe(0);
    field.value = "2.5";
    field.dispatchEvent(new Event("input"));
    expect(model.traits.query).toMatchObject({ weights: { values: [2.5, 1, -1, 1] } });
    expect(root.querySelector("select")?.value).toBe("your own");
  });

  it("asks for stride and padding, and shows what there is if the kernel refuses", () => {
    choose(1, "2");
    choose(2, "1");
    expect(model.traits.query).toMatchObject({ number: 2, stride: 2, padding: 1 });
    Object.assign(model.traits, { answered: 2, said: "This does not work." });
    model.listeners.get("change:said")?.();
    expect(root.textContent).toContain("This does not work.");
    expect(root.querySelectorAll("select")[1]?.value).toBe("1");
  });

  it("slides over every place by itself, and can be paused", () => {
    vi.useFakeTimers();
    const slide = root.querySelector("button") as HTMLButtonElement;
    slide.click();
    expect(slide.textContent).toBe("Pause");
    vi.advanceTimersToNextTimer();
    expect(place()).toBe("0,0");
    vi.advanceTimersToNextTimer();
    expect(place()).toBe("0,1");
    slide.click();
    expect(vi.getTimerCount()).toBe(0);
    slide.click();
    vi.runAllTimers();
    expect(place()).toBe("1,1");
    expect(slide.textContent).toBe("Slide");
    vi.useRealTimers();
  });

  it("removes its elements, listeners and timers when it is closed", () => {
    vi.useFakeTimers();
    root.querySelector("button")?.click();
    close();
    expect([root.childElementCount, model.listeners.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
    vi.useRealTimers();
  });
});
