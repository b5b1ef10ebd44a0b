// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type LineModel, render } from "../../../src/course/line/line";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { lineRequests, lineStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", () => 1);
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
  model = new FakeWidgetModel(lineStates.line);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as LineModel, el: root });
});

/** Lets the page's boxes have the size of their drawings. */
function board(name: string): SVGSVGElement {
  const found = root.querySelector(name) as SVGSVGElement;
  found.getBoundingClientRect = () => ({ left: 0, top: 0, width: 390, height: 392 }) as DOMRect;
  return found;
}

const map = () => board(".race-board:not(.line-plane, .line-curve)");
const values = () => root.querySelector(".line-values")?.textContent;
const button = (name: string) =>
  [...root.querySelectorAll("button")].find((each) => each.textContent === name) as HTMLElement;
const query = () => model.traits.query as { start: number[]; rate: number; number: number };

function press(target: Element, key: string): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

describe("the line", () => {
  it("shows a sentence instead if the kernel has another protocol version", () => {
    model.traits.protocol = PROTOCOL_VERSION + 1;
    const place = document.createElement("div");
    render({ model: model as unknown as LineModel, el: place });
    expect(place.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
  });

  it("begins at the latest step, and goes back step by step", () => {
    expect(root.querySelector("output")?.textContent).toBe("step 2 of 2");
    expect(values()).toBe("lr 0.1: w = 2, b = 1 · loss 0 · held out 0");
    button("Back to the start").click();
    expect(values()).toBe("lr 0.1: w = 4, b = 3 · loss 30 · held out 100");
    expect(root.querySelectorAll(".line-point.line-resting")).toHaveLength(3);
    expect(root.querySelectorAll(".line-residuals line")).toHaveLength(1);
  });

  it("shows the line and the loss of the place under the pointer", () => {
    const ghost = root.querySelector(".line-ghost") as SVGPathElement;
    const at = { clientX: 46 + 168, clientY: 22 + 168, bubbles: true };
    map().dispatchEvent(new MouseEvent("pointermove", at));
    expect(values()).toBe("pointer: w = 2, b = 1 · loss 0 · held out 0");
    expect(ghost.getAttribute("d")).not.toBe("");
    map().dispatchEvent(new MouseEvent("pointerleave"));
    expect(ghost.getAttribute("d")).toBe("");
    expect(values()).toContain("lr 0.1: ");
  });

  it("asks for a walk where the map is clicked, and plays it when it arrives", () => {
    map().dispatchEvent(new MouseEvent("click", { clientX: 46 + 168, clientY: 22 + 336 }));
    expect(query()).toEqual({ number: 1, start: [2, -2], rate: 0.1, batch: 1 });
    expect(root.querySelector("[role=status]")?.textContent).toContain("The kernel walks");
    model.traits.answered = 1;
    model.listeners.get("change:walks")?.();
    expect(root.querySelector("output")?.textContent).toBe("step 0 of 2");
    expect(button("Pause")).toBeDefined();
  });

  it("moves an end of the line by keys, marks its place on the map, and walks from there", () => {
    const [, right] = root.querySelectorAll(".line-handle");
    press(right as Element, "ArrowUp");
    expect(values()).toContain("pointer: w = ");
    expect(model.saved).toBe(0);
    press(right as Element, "Enter");
    expect(model.saved).toBe(1);
    expect(query().start[0]).toBeGreaterThan(2);
  });

  it("asks for another learning rate, as Python expects it", () => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    rate.value = "0.5";
    rate.dispatchEvent(new Event("change"));
    for (const [trait, value] of Object.entries(lineRequests.rate)) {
      expect(model.traits[trait]).toEqual(value);
    }
  });

  it("asks for a learning rate at Enter, once", () => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    press(rate, "Enter");
    expect(model.saved).toBe(0);
    rate.value = "0.5";
    press(rate, "Enter");
    press(rate, "Enter");
    expect(model.saved).toBe(1);
  });

  it("begins at a usual speed, also without a step", () => {
    close();
    model.traits.walks = [];
    close = render({ model: model as unknown as LineModel, el: root });
    expect((root.querySelectorAll("select")[1] as HTMLSelectElement).value).toBe("30");
    expect(values()).toBe("start: w = 4, b = 3 · loss 30 · held out 100");
  });

  it("draws the losses of all walks over each other, and names them", () => {
    const [walk] = structuredClone(lineStates.line.walks);
    const other = { ...walk, lane: { ...walk.lane, name: "lr 0.2", losses: [30, 8, 3, 1, 0.1] } };
    model.traits.walks = [other, walk];
    model.listeners.get("change:walks")?.();
    const names = [...root.querySelectorAll(".line-key span")].map((each) => each.textContent);
    expect(names.slice(0, 2)).toEqual(["lr 0.2", "lr 0.1"]);
    expect(root.querySelectorAll(".line-curve .line-loss")).toHaveLength(2);
    expect(root.querySelector(".line-curve")?.getAttribute("aria-label")).toContain(
      "lr 0.2, 0.1 at step 4; lr 0.1, 0 at step 2",
    );
  });

  it("asks for a first walk when Play is pressed before any step", () => {
    model.traits.walks = [];
    model.listeners.get("change:walks")?.();
    button("Play").click();
    expect(query()).toEqual({ number: 1, start: [4, 3], rate: 0.1, batch: 1 });
    expect(model.saved).toBe(1);
  });

  it.each(["", "-1", "1e9"])("asks for nothing where %j is typed as a learning rate", (typed) => {
    const rate = root.querySelector('input[type="number"]') as HTMLInputElement;
    rate.value = typed;
    rate.dispatchEvent(new Event("change"));
    expect(model.saved).toBe(0);
    expect(rate.value).toBe("0.1");
    expect(root.querySelector("[role=status]")?.textContent).toContain("from 0 to 100");
  });

  it("says what to do where no step was made", () => {
    model.traits.walks = [];
    model.listeners.get("change:walks")?.();
    expect(root.querySelector(".line-curve")?.textContent).toContain("No step yet");
  });

  it("has ticks at round numbers", () => {
    const ticks = [...root.querySelectorAll(".line-plane text")].map((each) => each.textContent);
    expect(ticks).toContain("2");
    expect(ticks.every((each) => !/\d\.\d\d/.test(each ?? ""))).toBe(true);
  });

  it("follows the steps of a loop", () => {
    const [walk] = structuredClone(lineStates.line.walks);
    const lane = { ...walk.lane, losses: [30, 7.5], places: [4, 3, 3, 2] };
    model.traits.walks = [{ lane, held: [100, 25], batches: [] }];
    model.listeners.get("change:walks")?.();
    expect(root.querySelector("output")?.textContent).toBe("step 1 of 1");
    expect(root.querySelectorAll(".line-residuals line")).toHaveLength(4);
  });

  it("leaves nothing behind", () => {
    close();
    expect(root.childNodes).toHaveLength(0);
    expect(model.listeners.size).toBe(0);
  });
});
