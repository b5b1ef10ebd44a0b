// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type PadModel, render } from "../../../src/course/pad/pad";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { padDrawings, padStates } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  HTMLCanvasElement.prototype.getContext = () => null;
  model = new FakeWidgetModel({
    protocol: PROTOCOL_VERSION,
    pixels: Array.from({ length: 16 }, () => 0),
    side: 4,
    said: "nothing yet",
    tiles: { count: 0, rows: 0, columns: 0, values: [] },
  });
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as PadModel, el: root });
});

function press(key: string): void {
  root.querySelector("canvas")?.dispatchEvent(new KeyboardEvent("keydown", { key }));
}

describe("the pad", () => {
  it("draws the state that Python sends, and sends what Python expects", () => {
    Object.assign(model.traits, padStates.pad);
    const place = document.createElement("div");
    render({ model: model as unknown as PadModel, el: place });
    expect(place.textContent).toContain("Two bright pixels");
    place.querySelector("button")?.click();
    for (const [trait, value] of Object.entries(padDrawings.drawing)) {
      const cleared = Array.isArray(value) ? value.map(() => 0) : value;
      expect(model.traits[trait]).toEqual(cleared);
    }
  });

  it("shows a sentence instead of the image if the kernel has another protocol version", () => {
    model.traits.protocol = PROTOCOL_VERSION + 1;
    const place = document.createElement("div");
    const clear = render({ model: model as unknown as PadModel, el: place });
    expect(place.textContent).toContain(`the kernel version ${PROTOCOL_VERSION + 1}`);
    expect(place.querySelector("canvas")).toBeNull();
    clear();
    expect(place.textContent).toBe("");
  });

  it("draws with the keyboard, softly at the edges, and sends the pixels", () => {
    press("ArrowDown");
    press("ArrowRight");
    press(" ");
    const pixels = model.traits.pixels as number[];
    expect(model.saved).toBe(1);
    expect(pixels[5]).toBeCloseTo(0.7);
    expect([pixels[1], pixels[4], pixels[6], pixels[9]].map((p) => p?.toFixed(2))).toEqual([
      "0.12",
      "0.12",
      "0.12",
      "0.12",
    ]);
    expect(pixels[0]).toBe(0);
  });

  it("draws with the pointer, and sends the pixels when it is lifted", () => {
    const canvas = root.querySelector("canvas") as HTMLCanvasElement;
    canvas.getBoundingClientRect = () => new DOMRect(0, 0, 40, 40);
    for (const type of ["pointerdown", "pointermove"]) {
      canvas.dispatchEvent(new MouseEvent(type, { clientX: 35, clientY: 5 }));
    }
    expect(model.saved).toBe(0);
    canvas.dispatchEvent(new MouseEvent("pointerup"));
    expect(model.saved).toBe(1);
    expect((model.traits.pixels as number[])[3]).toBe(1);
  });

  it("draws a fast stroke without gaps, and sends it while it goes on", () => {
    vi.useFakeTimers();
    const canvas = root.querySelector("canvas") as HTMLCanvasElement;
    canvas.getBoundingClientRect = () => new DOMRect(0, 0, 40, 40);
    canvas.dispatchEvent(new MouseEvent("pointerdown", { clientX: 5, clientY: 5 }));
    canvas.dispatchEvent(new MouseEvent("pointermove", { clientX: 35, clientY: 35 }));
    vi.runAllTimers();
    vi.useRealTimers();
    expect(model.saved).toBe(1);
    const pixels = model.traits.pixels as number[];
    for (const place of [0, 5, 10, 15]) expect(pixels[place]).toBeGreaterThan(0.6);
  });

  it("draws maps of the drawing beside it, and says how bright they are", () => {
    expect(root.querySelectorAll("canvas:not([hidden])")).toHaveLength(1);
    model.traits.tiles = padStates.pad.tiles;
    model.listeners.get("change:tiles")?.();
    const tiles = root.querySelectorAll("canvas:not([hidden])")[1];
    expect(tiles?.getAttribute("aria-label")).toBe(
      "2 maps of the drawing: brightest pixels 1.0, 0.5.",
    );
  });

  it("shows the kernel's sentence, and can be cleared", () => {
    expect(root.textContent).toContain("nothing yet");
    model.traits.said = "a seven";
    model.listeners.get("change:said")?.();
    expect(root.textContent).toContain("a seven");
    press(" ");
    root.querySelector("button")?.click();
    expect((model.traits.pixels as number[]).every((pixel) => pixel === 0)).toBe(true);
  });

  it("removes its elements and listeners when it is closed", () => {
    close();
    expect(root.childElementCount).toBe(0);
    expect(model.listeners.size).toBe(0);
  });
});
