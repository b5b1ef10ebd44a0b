// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BY_STEP } from "../../../src/plot/step-axis";
import { EarlyCurves } from "../../../src/views/curves/early-curves";
import { drawnQuantities, quantitiesOf } from "../../../src/views/curves/quantities";
import { drawCurves } from "../../../src/views/curves/view";
import { sessionOf, THEME, tableOf } from "./sample";

/** The calls of a canvas, as "name(arguments)" with rounded numbers. */
let calls: string[] = [];

beforeEach(() => {
  calls = [];
  const record = (name: string) =>
    vi.fn((...given: unknown[]) => {
      const shown = given.map((each) => (typeof each === "number" ? Math.round(each) : each));
      calls.push(`${name}(${shown.join(",")})`);
    });
  const context = {
    beginPath: record("beginPath"),
    fillRect: record("fillRect"),
    fillText: record("fillText"),
    lineTo: record("lineTo"),
    moveTo: record("moveTo"),
    setTransform: vi.fn(),
    stroke: vi.fn(),
    strokeRect: vi.fn(),
  };
  const canvas = vi.spyOn(HTMLCanvasElement.prototype, "getContext");
  canvas.mockReturnValue(
    context as unknown as CanvasRenderingContext2D & ImageBitmapRenderingContext,
  );
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function draw(values: readonly number[], logarithmic = false): void {
  const quantities = drawnQuantities(quantitiesOf([tableOf("loss", "loss", values)]), THEME.series);
  const size = { width: 480, height: 260 };
  new EarlyCurves().draw({ quantities, axis: BY_STEP, logarithmic, theme: THEME, ...size });
}

it("draws the points from edge to edge, with the lowest and the highest value", () => {
  draw([2, 1, 1.5]);
  expect(calls).toContain("fillText(loss,68,24)");
  expect(calls).toContain("moveTo(68,38)");
  expect(calls).toContain("lineTo(268,214)");
  expect(calls).toContain("lineTo(468,126)");
  expect(calls).toContain("fillText(2,64,38)");
  expect(calls).toContain("fillText(1,64,214)");
});

it("leaves a gap where a value is not finite", () => {
  draw([2, Number.NaN, 1, 1]);
  expect(calls.filter((call) => call.startsWith("moveTo"))).toHaveLength(2);
  expect(calls.join()).not.toContain("NaN");
});

it("draws a single point as a mark", () => {
  draw([3]);
  expect(calls.some((call) => call.startsWith("fillRect"))).toBe(true);
});

it("draws nothing of values that a logarithmic axis does not have", () => {
  draw([-1, 0, 100, 10], true);
  expect(calls.filter((call) => call.startsWith("moveTo"))).toHaveLength(1);
  expect(calls).toContain("fillText(100,64,38)");
});

it("shows the curves of a view while plotly is not loaded", () => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(464);
  const session = sessionOf([tableOf("loss", "loss", [2, 1])]);
  session.asset = () => new Promise(() => undefined);
  const root = document.createElement("div");
  const close = drawCurves(root, session);
  expect(root.dataset.labkitStep).toBe("1");
  expect(calls.some((call) => call.startsWith("lineTo"))).toBe(true);
  expect(root.querySelector(".labkit-curves-early")).not.toBe(null);
  close();
});
