// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type RaceModel, render } from "../../../src/course/race/race";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { raceRequests, raceStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;
/** The functions that wait for the next animation frame. */
let frames: FrameRequestCallback[];

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal("cancelAnimationFrame", () => frames.splice(0));
  model = new FakeWidgetModel(raceStates.race);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as RaceModel, el: root });
});

function button(name: string): HTMLButtonElement {
  const all = [...root.querySelectorAll("button")];
  return all.find((each) => each.textContent === name) as HTMLButtonElement;
}

function lane(name: string): string {
  return root.querySelector(`.race-lane[data-lane="${name}"]`)?.textContent ?? "";
}

function board(): SVGSVGElement {
  return root.querySelector(".race-board") as SVGSVGElement;
}

/** Lets a second pass in animation frames. */
function passSecond(): void {
  for (let time = 0; time <= 1250; time += 250) frames.shift()?.(time);
}

describe("the race", () => {
  it("shows a sentence instead if the kernel has another protocol version", () => {
    model.traits.protocol = PROTOCOL_VERSION + 1;
    const place = document.createElement("div");
    const clear = render({ model: model as unknown as RaceModel, el: place });
    expect(place.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
    clear();
    expect(place.textContent).toBe("");
  });

  it("begins at the start, and goes on step by step, with the state of each optimizer", () => {
    expect(root.querySelector("output")?.textContent).toBe("step 0 of 2");
    expect(lane("momentum")).toContain("loss 33");
    expect(lane("momentum")).toContain("momentum_bufferx–y–");
    button("Step").click();
    expect(lane("momentum")).toContain("loss 10.8");
    expect(lane("momentum")).toContain("gradientx−3y25");
    expect(lane("momentum")).toContain("momentum_bufferx−3y40");
    expect(root.querySelector(".labkit-race")?.getAttribute("data-labkit-step")).toBe("1");
    expect(board().querySelector("polyline")?.getAttribute("points")?.split(" ")).toHaveLength(2);
  });

  it("shows the learning rate of a schedule", () => {
    expect(lane("momentum")).toContain("now 0.25");
    button("Step").click();
    button("Step").click();
    expect(lane("momentum")).toContain("now 0.125");
    expect(lane("far")).not.toContain("now");
  });

  it("says where an optimizer has left, and that one is off the map", () => {
    button("Step").click();
    expect(lane("far")).toContain("loss 46.8, off the map");
    button("Step").click();
    expect(lane("far")).toContain("left the map for good at step 2");
    const points = board().querySelector('[data-lane="far"] polyline')?.getAttribute("points");
    expect(points?.split(" ")).toHaveLength(2); // the start, and the first place beyond the map
  });

  it("plays to the end, can be paused, and starts again", () => {
    button("Play").click();
    expect(button("Pause")).toBeDefined();
    passSecond();
    expect(root.querySelector("output")?.textContent).toBe("step 2 of 2");
    button("Play").click();
    expect(root.querySelector("output")?.textContent).toBe("step 0 of 2");
    button("Pause").click();
    expect(frames).toHaveLength(0);
    button("Back to the start").click();
    expect(root.querySelector("output")?.textContent).toBe("step 0 of 2");
  });

  it("begins a long race at a higher speed", () => {
    const speed = () => (root.querySelector("select") as HTMLSelectElement).value;
    expect(speed()).toBe("10");
    for (const [steps, expected] of [
      [400, "30"],
      [2000, "100"],
    ] as const) {
      model.traits.steps = steps;
      model.listeners.get("change:lanes")?.();
      expect(speed()).toBe(expected);
    }
  });

  it("follows the slider", () => {
    const slider = root.querySelector('input[type="range"]') as HTMLInputElement;
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    expect(lane("momentum")).toContain("loss 0.5");
  });

  it("asks for a race with another rate, as Python expects it", () => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    rate.value = "0.5";
    rate.dispatchEvent(new Event("change"));
    expect(model.saved).toBe(1);
    for (const [trait, value] of Object.entries(raceRequests.rate)) {
      expect(model.traits[trait]).toEqual(value);
    }
    expect(root.querySelector("p")?.textContent).toContain("The kernel runs the race");
    model.traits.answered = 1;
    model.listeners.get("change:answered")?.();
    expect(root.querySelector("p")?.textContent).toBe("");
    expect(button("Pause")).toBeDefined();
  });

  it("asks for another rate when Enter is pressed, and not for the same", () => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    rate.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(model.saved).toBe(0);
    rate.value = "0.5";
    rate.dispatchEvent(new KeyboardEvent("keydown", { key: "5" }));
    expect(model.saved).toBe(0);
    rate.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(model.traits.query).toMatchObject({ rates: { momentum: 0.5 } });
    expect(root.querySelector("[role=status]")?.textContent).toContain(
      "after a restart of the kernel",
    );
  });

  it("does not ask for a rate that is no number", () => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    const before = rate.value;
    for (const value of ["", "-1"]) {
      rate.value = value;
      rate.dispatchEvent(new Event("change"));
      expect(rate.value).toBe(before);
    }
    expect(model.saved).toBe(0);
  });

  it("asks for another surface from its usual start", () => {
    const surface = root.querySelectorAll("select")[1] as HTMLSelectElement;
    surface.value = "saddle";
    surface.dispatchEvent(new Event("change"));
    expect(model.traits.query).toMatchObject({ start: null, surface: "saddle" });
  });

  it("places the start by a click on the map, and not beside it", () => {
    board().getBoundingClientRect = () => new DOMRect(0, 0, 390, 392);
    board().dispatchEvent(new MouseEvent("click", { clientX: 10, clientY: 176 }));
    expect(model.saved).toBe(0);
    board().dispatchEvent(new MouseEvent("click", { clientX: 46 + 168, clientY: 22 + 84 }));
    expect(model.traits.query).toMatchObject({ start: [0, 1], surface: "ravine" });
  });

  it("places the start by the keyboard", () => {
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "Enter"]) {
      board().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect(model.traits.query).toMatchObject({ start: [-3.5, 0.9] });
  });

  it("hides an optimizer on the map", () => {
    const shown = root.querySelector('input[type="checkbox"]') as HTMLInputElement;
    shown.click();
    const group = board().querySelector('[data-lane="momentum"]') as SVGGElement;
    expect(group.style.display).toBe("none");
    shown.click();
    expect(group.style.display).toBe("");
  });

  it("says what went wrong in the kernel", () => {
    model.traits.said = "The race was stopped: ValueError";
    model.listeners.get("change:said")?.();
    expect(root.querySelector("p")?.textContent).toBe("The race was stopped: ValueError");
  });

  it("tells screen readers the losses", () => {
    button("Step").click();
    expect(board().getAttribute("aria-label")).toContain("momentum loss 10.8, far loss 46.8");
  });

  it("removes its elements and listeners when it is closed", () => {
    close();
    expect(root.childElementCount).toBe(0);
    expect(model.listeners.size).toBe(0);
  });
});
