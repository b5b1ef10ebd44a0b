import { describe, expect, it } from "vitest";
import { extentTrace } from "../../src/plot/extent-trace";

function line(steps: number[], values: number[], perStep = 1) {
  const points = { steps: Float64Array.from(steps), values: Float32Array.from(values) };
  return { points, at: (step: number) => step * perStep };
}

describe("the extent of other runs", () => {
  it("reaches from their first to their last place, and over all finite values", () => {
    const lines = [line([1, 10], [2, 8]), line([2, 4], [Number.NaN, 0.5], 5)];
    const [trace] = extentTrace(lines, "y2");
    expect(trace).toMatchObject({ x: [1, 20], y: [0.5, 8], yaxis: "y2", hoverinfo: "skip" });
  });

  it("has no point beyond a vertical axis that does not contain all values", () => {
    const [trace] = extentTrace([line([1, 10], [2, 1e37])], "y", [0, 3]);
    expect(trace).toMatchObject({ x: [1, 10], y: [0, 3] });
  });

  it("is nothing without a finite value", () => {
    expect(extentTrace([], "y")).toEqual([]);
    expect(extentTrace([line([1], [Number.NaN])], "y")).toEqual([]);
  });
});
