import { describe, expect, it } from "vitest";
import { binsFor, cellsOf, NO_SAMPLE, sampleIn } from "../../src/heat-map/cells";
import { colourAt, DecadeScale, ShareScale, SignedScale, ZERO } from "../../src/heat-map/scale";
import { ticksFor } from "../../src/parts/ticks";

const BINS = { start: 0, width: 2, count: 4 };

describe("the heat map's cells", () => {
  it("have widths of powers of two, and do not move as the run grows", () => {
    expect(binsFor(5, 104, 100)).toEqual({ start: 5, width: 1, count: 100 });
    expect(binsFor(5, 105, 100)).toEqual({ start: 4, width: 2, count: 51 });
    expect(binsFor(0, 1_000_000, 300).width).toBe(4096);
  });

  it("distinguish the largest value, a zero, a NaN and a gap", () => {
    const points = {
      steps: Float64Array.of(2, 3, 4, 6),
      values: Float32Array.of(10, 1000, 0, Number.NaN),
    };
    expect([...cellsOf(points, BINS, new DecadeScale())]).toEqual([NO_SAMPLE, 3, ZERO, Number.NaN]);
  });

  it("repeat the last value until the next sample", () => {
    const points = { steps: Float64Array.of(0, 6), values: Float32Array.of(1, 10) };
    expect([...cellsOf(points, BINS, new DecadeScale())]).toEqual([0, 0, 0, 1]);
    expect(sampleIn(points, BINS, 2)).toEqual({ step: 0, value: 1 });
  });

  it("have no value after the last sample of a row that has ended", () => {
    const points = { steps: Float64Array.of(0, 4), values: Float32Array.of(1, 10) };
    const scale = new DecadeScale();
    expect([...cellsOf(points, BINS, scale, true)]).toEqual([0, 0, 1, NO_SAMPLE]);
    expect(sampleIn(points, BINS, 2, true)).toEqual({ step: 4, value: 10 });
    expect(sampleIn(points, BINS, 3, true)).toBeNull();
  });

  it("have the step of their largest value", () => {
    const points = { steps: Float64Array.of(0, 2, 3), values: Float32Array.of(5, 1, 2) };
    expect(sampleIn(points, BINS, 1)).toEqual({ step: 3, value: 2 });
    expect(sampleIn({ steps: Float64Array.of(6), values: Float32Array.of(1) }, BINS, 0)).toBeNull();
  });
});

describe("the colour scale", () => {
  it("widens to whole powers of ten and does not narrow", () => {
    const decades = new DecadeScale();
    expect(decades.hasRange).toBe(false);
    decades.extend(Float32Array.of(-2.5, ZERO, Number.NaN, NO_SAMPLE));
    expect([decades.low, decades.high]).toEqual([-3, -2]);
    decades.extend(Float32Array.of(0.5, -1));
    expect([decades.low, decades.high]).toEqual([-3, 1]);
  });

  it("leaves the colours of other runs distinct where one explodes", () => {
    const scaleOf = (...cells: number[]) => {
      const scale = new DecadeScale();
      scale.extend(Float32Array.from(cells));
      return scale;
    };
    const common = new DecadeScale();
    const calm = [scaleOf(-2.5, 0.5), scaleOf(-1.5, -0.5)];
    common.join(calm);
    expect([common.low, common.high, common.label(1)]).toEqual([-3, 1, "10¹"]);
    common.join([...calm, scaleOf(0.5, 18.2)]);
    expect([common.low, common.high, common.label(2)]).toEqual([-3, 2, "≥ 10²"]);
    common.join([scaleOf(0.5, 18.2)]);
    expect([common.low, common.high, common.label(19)]).toEqual([7, 19, "10¹⁹"]);
  });

  it("is symmetric for signed values, and from 0 to 1 for fractions", () => {
    const signed = new SignedScale();
    expect(signed.hasRange).toBe(false);
    signed.extend(Float32Array.of(-0.3, 0.1, Number.NaN));
    expect([signed.low, signed.high]).toEqual([-0.5, 0.5]);
    expect(signed.label(signed.low)).toBe("−0.5");
    const shares = new ShareScale();
    expect([shares.low, shares.high].map((end) => shares.label(end))).toEqual(["0 %", "100 %"]);
  });

  it("runs from dark to bright", () => {
    expect([colourAt(0), colourAt(1)]).toEqual(["#440154", "#fde725"]);
  });
});

it("puts ticks at round steps", () => {
  expect(ticksFor(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(ticksFor(3, 5, 5)).toEqual([3, 4, 5]);
});
