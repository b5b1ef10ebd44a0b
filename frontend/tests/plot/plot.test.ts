import { describe, expect, it } from "vitest";
import { decimate } from "../../src/plot/decimate";
import { gapsOf } from "../../src/plot/gaps";
import { escapeMarkup } from "../../src/plot/plotly";
import { rangeAfter } from "../../src/plot/plotly-figure";
import { decaySteps, smooth } from "../../src/plot/smooth";
import type { Points } from "../../src/session";

function pointsOf(values: number[]): Points {
  const steps = Float64Array.from(values, (_, index) => index);
  return { steps, values: Float32Array.from(values) };
}

const LONG = pointsOf(
  Array.from({ length: 10_000 }, (_, i) => (i === 4321 ? 50 : i === 6000 ? Number.NaN : i % 3)),
);

describe("decimation", () => {
  it("preserves spikes and gaps with a bounded number of points", () => {
    const chosen = decimate(LONG, 100);
    expect(chosen.length).toBeLessThanOrEqual(201);
    expect(chosen).toContain(4321);
    expect(chosen).toContain(6000);
    expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
  });

  it("returns every point of a small range, and one beyond each end", () => {
    expect(decimate(LONG, 100, [10, 14])).toEqual([9, 10, 11, 12, 13, 14, 15]);
  });

  it("accepts an empty line", () => {
    expect(decimate(pointsOf([]), 10)).toEqual([]);
  });
});

describe("smoothing", () => {
  it("does not change a constant, and ignores non-finite values", () => {
    const points = pointsOf([2, 2, Number.NaN, 2]);
    expect([...smooth(points, 3)]).toEqual([2, 2, Number.NaN, 2]);
  });

  it("does nothing at strength zero", () => {
    const points = pointsOf([1, 5, 1]);
    expect(decaySteps(0, points.steps)).toBe(0);
    expect(smooth(points, 0)).toBe(points.values);
  });

  it("decays by steps", () => {
    const far = { steps: Float64Array.of(0, 1000), values: Float32Array.of(0, 1) };
    expect(smooth(far, 10)[1]).toBeCloseTo(1);
  });
});

describe("gaps", () => {
  it("are described by their steps", () => {
    const values = [1, Number.NaN, 1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(gapsOf(pointsOf(values)).map(({ description }) => description)).toEqual([
      "NaN at step 1",
      "∞ from step 3",
    ]);
  });
});

describe("a zoom", () => {
  it("is decoded from plotly's event", () => {
    expect(rangeAfter({ "xaxis.range[0]": 3, "xaxis.range[1]": 9 })).toEqual([3, 9]);
    expect(rangeAfter({ "xaxis.range": [1, 2] })).toEqual([1, 2]);
    expect(rangeAfter({ "xaxis.autorange": true })).toBeNull();
    expect(rangeAfter({ "yaxis.autorange": true })).toBeUndefined();
  });
});

it("escapes markup in names", () => {
  expect(escapeMarkup('<a href="x">loss</a> & more')).toBe(
    '&lt;a href="x"&gt;loss&lt;/a&gt; &amp; more',
  );
});
