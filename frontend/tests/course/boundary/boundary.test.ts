// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BoundaryModel, render } from "../../../src/course/boundary/boundary";
import { boundarySegments } from "../../../src/course/boundary/contour";
import { decodeMoment, decodeSamples } from "../../../src/course/boundary/moment";
import { arrowOf } from "../../../src/course/boundary/painting";
import { number } from "../../../src/course/boundary/panel";
import { nearestSample, sampleByKey } from "../../../src/course/boundary/picking";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { boundaryMessages, boundaryRequests, boundaryStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

const STATE = boundaryStates.boundary;
const samples = decodeSamples(STATE.plane);
const moment = decodeMoment(STATE.moment);

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  HTMLCanvasElement.prototype.getContext = () => null;
  model = new FakeWidgetModel(STATE);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as BoundaryModel, el: root });
});

afterEach(() => {
  close();
  vi.useRealTimers();
});

function slider(): HTMLInputElement {
  return root.querySelector("input[type=range]") as HTMLInputElement;
}

function slideTo(index: number): void {
  slider().value = `${index}`;
  slider().dispatchEvent(new Event("input"));
  vi.advanceTimersByTime(50);
}

function press(key: string): void {
  root.querySelector("canvas")?.dispatchEvent(new KeyboardEvent("keydown", { key }));
  vi.advanceTimersByTime(50);
}

function drawnStep(): string | null | undefined {
  return root.querySelector("[data-labkit-view=boundary]")?.getAttribute("data-labkit-step");
}

describe("the boundary view", () => {
  it("says what the kernel sent, also to a screen reader", () => {
    expect(root.textContent).toContain("1 of 2");
    expect(root.textContent).toContain("0.625");
    const spoken = root.querySelector("canvas")?.getAttribute("aria-label");
    expect(spoken).toContain("2 samples of benign and malignant on a plane of radius and texture");
    expect(spoken).toContain("after step 10, 1 are on the wrong side");
  });

  it("shows a sample that the arrow keys pick, until Escape", () => {
    press("ArrowUp");
    expect(root.querySelector("[role=status]")?.textContent).toContain("benign, wrong side");
    expect(root.querySelector("[role=status]")?.textContent).toContain("−0.500");
    press("ArrowRight");
    expect(root.querySelector("[role=status]")?.textContent).toContain("malignant, right side");
    press("Escape");
    expect(root.querySelector("[role=status]")?.textContent).toContain("Point at a sample");
  });

  it("asks for an earlier step once, shows it when it arrives, and then has it", () => {
    slideTo(0);
    expect(model.sent).toEqual([boundaryRequests.want]);
    expect(drawnStep()).toBe("10");
    model.listeners.get("msg:custom")?.(boundaryMessages.moment);
    vi.advanceTimersByTime(50);
    expect(drawnStep()).toBe("0");
    expect(root.textContent).toContain("2 of 2");
    slideTo(1);
    slideTo(0);
    expect(drawnStep()).toBe("0");
    expect(model.sent).toHaveLength(1);
  });

  it("follows a training, except while an earlier step is shown", () => {
    model.traits.moment = { ...STATE.moment, index: 2, count: 3, step: 20 };
    model.listeners.get("change:moment")?.();
    vi.advanceTimersByTime(50);
    expect(drawnStep()).toBe("20");
    slideTo(1);
    model.traits.moment = { ...STATE.moment, index: 3, count: 4, step: 30 };
    model.listeners.get("change:moment")?.();
    vi.advanceTimersByTime(50);
    expect(drawnStep()).toBe("10");
    expect(slider().max).toBe("3");
  });

  it("replays from the first step to the last", () => {
    const button = root.querySelector("button");
    button?.click();
    vi.advanceTimersByTime(100);
    expect(model.sent).toEqual([boundaryRequests.want]);
    model.listeners.get("msg:custom")?.(boundaryMessages.moment);
    vi.advanceTimersByTime(120);
    expect(drawnStep()).toBe("10");
    vi.advanceTimersByTime(200);
    expect(button?.textContent).toContain("Replay");
  });

  it("shows a sentence if the kernel has another protocol version", () => {
    model.traits.protocol = PROTOCOL_VERSION + 1;
    const place = document.createElement("div");
    const clear = render({ model: model as unknown as BoundaryModel, el: place });
    expect(place.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
    clear();
    expect(place.textContent).toBe("");
  });

  it("removes its listeners", () => {
    close();
    expect(model.listeners.size).toBe(0);
    expect(root.childElementCount).toBe(0);
  });
});

describe("the numbers of a boundary view", () => {
  it("puts the samples where they are", () => {
    expect([...samples.across]).toEqual([0.25, 0.75]);
    expect([...samples.down]).toEqual([0.75, 0.25]);
  });

  it("finds the boundary between the places of the grid", () => {
    expect(boundarySegments(moment.grid, STATE.plane.side)).toEqual([[0.5, 0, 0.5, 1]]);
  });

  it("lets a sample push the boundary to where the logit has to change", () => {
    const shown = { ...STATE.plane, samples, moment, picked: null, arrows: true };
    const [benign, malignant] = [arrowOf(shown, 0), arrowOf(shown, 1)];
    expect(benign[0]).toBeGreaterThan(0);
    expect(malignant[0]).toBeCloseTo(-benign[0] / 2);
    expect(malignant[1]).toBeCloseTo(0);
  });

  it("picks the sample next to the pointer, and none if all are far away", () => {
    expect(nearestSample(samples, 0.26, 0.74)).toBe(0);
    expect(nearestSample(samples, 0.5, 0.5)).toBeNull();
  });

  it("goes from sample to sample by position and by pull", () => {
    expect(sampleByKey("ArrowRight", null, samples, moment)).toBe(0);
    expect(sampleByKey("ArrowRight", 0, samples, moment)).toBe(1);
    expect(sampleByKey("ArrowRight", 1, samples, moment)).toBe(1);
    expect(sampleByKey("ArrowDown", 0, samples, moment)).toBe(1);
    expect(sampleByKey("Tab", 0, samples, moment)).toBeNull();
  });

  it("writes small numbers with an exponent", () => {
    expect([0, -0.25, 0.00012, 200].map(number)).toEqual(["0", "−0.250", "1.2e−4", "200"]);
  });
});
