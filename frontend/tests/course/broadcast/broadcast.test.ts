// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type BroadcastModel, render } from "../../../src/course/broadcast/broadcast";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { broadcastQueries, broadcastStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

function open(state: object) {
  model = new FakeWidgetModel(state);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as BroadcastModel, el: root });
}

beforeEach(() => open(broadcastStates.fits));

const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const texts = (selector: string) => all(selector).map((element) => element.textContent);
const button = (text: string, at = 0) =>
  all("button").filter((element) => element.textContent === text)[at];
const sizes = () => all(".cell:not(.result)") as HTMLElement[];
const inputs = () => [...root.querySelectorAll<HTMLInputElement>(".table input")];
const typed = () => [...root.querySelectorAll<HTMLInputElement>("form input")];
const asked = () => model.traits.query as { number: number; pair: number; shapes: string[] };
const status = () => root.querySelector("[role=status]");
function press(target: HTMLElement | undefined, key: string) {
  target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
/** Answers the last query with the state of the clash. */
function answer() {
  model.traits.reading = broadcastStates.clashes.reading;
  model.set("answered", asked().number);
}

describe("the broadcasting explorer", () => {
  it("aligns the shapes at the right, and shows what is stretched and the result", () => {
    expect(texts(".head")).toEqual(["dim 0", "dim 1"]);
    expect(sizes().map((cell) => cell.querySelector("small")?.textContent)).toEqual([
      "stride 1",
      "→ 4, stride 0",
      "→ 3, stride 0",
      "stride 1",
    ]);
    expect(sizes().map((cell) => cell.classList.contains("stretched"))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(all(".missing").map((cell) => cell.title)).toEqual([
      "dimension 0: row has no dimension here, stretched to 3: stride 0",
    ]);
    expect(texts(".result")).toEqual(["3", "4"]);
    expect(texts(".element")).toEqual([broadcastStates.fits.reading.element]);
  });

  it("shows PyTorch's error, and marks the dimension that it names", () => {
    open(broadcastStates.clashes);
    expect(texts(".error")).toEqual([`RuntimeError: ${broadcastStates.clashes.reading.error}`]);
    expect(texts(".head.named")).toEqual(["dim 2"]);
    expect(texts(".result")).toEqual(["–", "–", "clash"]);
    expect(inputs().map((input) => input.closest(".clash") !== null)).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it("asks for the shapes of a pair", () => {
    expect(button("(3, 1) and (4,)")?.getAttribute("aria-pressed")).toBe("true");
    button("(2, 3, 8) and (5,)")?.click();
    expect(model.traits).toMatchObject(broadcastQueries.asked);
    answer();
    expect(texts("form span")).toEqual(["images", "colour"]);
    expect(typed().map((field) => field.value)).toEqual(["2, 3, 8", "1, 5"]);
  });

  it("steps a size with the pointer and the arrow keys, from what was asked for last", () => {
    button("+", 1)?.click();
    button("+", 1)?.click();
    expect(asked().shapes).toEqual(["3, 3", "4"]);
    press(inputs()[2], "ArrowDown");
    expect(asked()).toEqual({ number: 3, pair: 0, shapes: ["3, 3", "3"] });
    button("−", 0)?.click();
    button("−", 0)?.click();
    button("−", 0)?.click();
    expect(asked().shapes).toEqual(["1, 3", "3"]);
  });

  it("takes a size or a shape that is typed, and keeps the focus", () => {
    const [, size] = inputs();
    size?.focus();
    if (size) size.value = "7";
    press(size, "Enter");
    expect(asked().shapes).toEqual(["3, 7", "4"]);
    answer();
    expect(document.activeElement).toBe(inputs()[2]);
    const [shape] = typed();
    if (shape) shape.value = "(5,)";
    press(shape, "Enter");
    expect(asked()).toEqual({ number: 2, pair: 1, shapes: ["(5,)", "1, 5"] });
    shape?.dispatchEvent(new Event("change"));
    expect(model.saved).toBe(3);
  });

  it("adds and removes dimensions of size 1", () => {
    button("unsqueeze(0)", 1)?.click();
    expect(asked().shapes).toEqual(["3, 1", "1, 4"]);
    button("unsqueeze(-1)", 1)?.click();
    expect(asked().shapes).toEqual(["3, 1", "1, 4, 1"]);
    button("squeeze()", 0)?.click();
    expect(asked().shapes).toEqual(["3", "1, 4, 1"]);
  });

  it("shows what is no shape, and keeps what was typed", () => {
    const [shape] = typed();
    if (shape) shape.value = "three";
    press(shape, "Enter");
    model.traits.said = "Yours is: three";
    model.set("answered", 1);
    expect([status()?.className, status()?.textContent]).toEqual(["problem", "Yours is: three"]);
    expect(shape?.value).toBe("three");
  });

  it("says what to do if no answer comes", () => {
    vi.useFakeTimers();
    button("+")?.click();
    vi.runAllTimers();
    expect(status()?.textContent).toContain("run this view's cell again");
    vi.useRealTimers();
  });

  it("refuses another version, and cleans up", () => {
    close();
    expect([root.childElementCount, model.listeners.size]).toEqual([0, 0]);
    open({ ...broadcastStates.fits, protocol: PROTOCOL_VERSION + 1 });
    expect(root.querySelector(".cell")).toBeNull();
  });
});
