// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Panel } from "../../../src/plot/plotly-figure";
import { BY_STEP, type StepAxis, timeAxis } from "../../../src/plot/step-axis";
import { LiveTail } from "../../../src/views/curves/live-tail";
import { LossStack } from "../../../src/views/curves/loss-parts";
import { drawnQuantities, quantitiesOf, withAreas } from "../../../src/views/curves/quantities";
import { THEME, tableOf } from "./sample";

let calls: string[] = [];

beforeEach(() => {
  calls = [];
  const record =
    (name: string) =>
    (...given: number[]) => {
      calls.push([name, ...given.map(Math.round)].join(" "));
    };
  const context = {
    beginPath: vi.fn(),
    clip: vi.fn(),
    fill: record("fill"),
    lineTo: record("to"),
    rect: vi.fn(),
    restore: vi.fn(),
    save: vi.fn(),
    setTransform: vi.fn(),
    stroke: record("stroke"),
  };
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(
    context as unknown as CanvasRenderingContext2D & ImageBitmapRenderingContext,
  );
});
afterEach(() => vi.restoreAllMocks());

/** A panel of 100 px for 10 units of either axis. */
const PANEL: Panel = {
  left: 0,
  top: 0,
  width: 100,
  height: 100,
  x: (place) => 10 * place,
  y: (value) => 100 - 10 * value,
};

const values = (count: number, value: number) => Array(count).fill(value);

/** Draws the steps after the first `before` of some tables, each of constant values. */
function drawTail(before: number, now: number, axis: StepAxis, levels: [string, number][]) {
  const tables = (count: number) =>
    levels.map(([name, level]) =>
      tableOf(name === "loss" ? "loss" : "metric", name, values(count, level)),
    );
  const prepared = (count: number) => {
    const all = quantitiesOf(tables(count));
    return drawnQuantities(withAreas(all, new LossStack().areasOf(all)), THEME.series);
  };
  const tail = new LiveTail();
  tail.begin(prepared(before), axis);
  const input = { quantities: prepared(now), axis, smoothing: 0, panels: [PANEL] };
  return { tail, drew: tail.draw(input), input };
}

it("continues a line from its last drawn point, at the places of the axis", () => {
  const axis = timeAxis({ steps: [0, 10], values: [0, 5] }) ?? BY_STEP;
  const { drew } = drawTail(5, 7, axis, [["loss", 3]]);
  expect(drew).toBe(true);
  expect(calls).toEqual(["to 20 70", "to 25 70", "to 30 70", "stroke"]);
});

it("fills the stacked areas first, each from the one below, then draws the lines", () => {
  drawTail(6, 7, BY_STEP, [
    ["loss", 5],
    ["kl", 2],
    ["fit", 3],
  ]);
  const path = (...places: string[]) => places.map((place) => `to ${place}`);
  expect(calls).toEqual([
    ...path("50 80", "60 80", "60 100", "50 100"),
    "fill",
    ...path("50 80", "60 80"),
    "stroke",
    ...path("50 50", "60 50", "60 80", "50 80"),
    "fill",
    ...path("50 50", "60 50"),
    "stroke",
    ...path("50 50", "60 50"),
    "stroke",
  ]);
});

it("draws nothing on a figure with another axis, or without room", () => {
  const { tail, input } = drawTail(5, 7, BY_STEP, [["loss", 3]]);
  const other = timeAxis({ steps: [0, 10], values: [0, 5] }) ?? BY_STEP;
  expect(tail.draw({ ...input, axis: other })).toBe(false);
  expect(drawTail(5, 14, BY_STEP, [["loss", 3]]).drew).toBe(false);
});
