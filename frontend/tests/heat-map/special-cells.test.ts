import { describe, expect, it } from "vitest";
import { NO_SAMPLE, NOT_FINITE, specialCellsIn } from "../../src/heat-map/cells";
import { describeNewest } from "../../src/heat-map/rows";
import { ZERO } from "../../src/heat-map/scale";
import type { SeriesTable } from "../../src/session";

function rowsWith(values: readonly number[]) {
  const table: SeriesTable = {
    id: "grad_norm",
    kind: "grad_norm",
    names: values.map((_, column) => `fc${column}.weight`),
    lastStep: 1200,
    points: () => ({ steps: Float64Array.of(1200), values: Float32Array.of(0) }),
    latest: () => Float32Array.from(values),
  };
  return table.names.map((name, column) => ({ name, table, column, frozen: false }));
}

describe("cells without a position on the scale", () => {
  it("are in the legend only if they occur", () => {
    expect(specialCellsIn([Float32Array.of(1, NO_SAMPLE)])).toEqual({
      zero: false,
      notFinite: false,
    });
    expect(specialCellsIn([Float32Array.of(1), Float32Array.of(ZERO)])).toEqual({
      zero: true,
      notFinite: false,
    });
    expect(specialCellsIn([Float32Array.of(NOT_FINITE, 1)])).toEqual({
      zero: false,
      notFinite: true,
    });
  });
});

describe("the description for screen readers", () => {
  it("contains the largest and the smallest value with the step", () => {
    expect(describeNewest(rowsWith([0.5, 0.25, 2]), "Gradient norm")).toBe(
      "Gradient norm of 3 parameters at step 1,200: largest fc2.weight 2, smallest fc1.weight 0.25",
    );
  });

  it("counts frozen parameters apart, without their former values", () => {
    const rows = rowsWith([0.5, 0, 2]).map((row, place) => ({ ...row, frozen: place === 1 }));
    expect(describeNewest(rows, "Gradient norm")).toBe(
      "Gradient norm of 3 parameters at step 1,200: largest fc2.weight 2, smallest fc0.weight 0.5, frozen: 1",
    );
  });

  it("contains NaN and infinity", () => {
    const rows = rowsWith([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(describeNewest(rows, "Update ratio")).toBe(
      "Update ratio of 2 parameters at step 1,200: not read or not finite in 2",
    );
  });
});
