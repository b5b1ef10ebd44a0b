import { describe, expect, it } from "vitest";
import { PALETTE } from "../../../src/parts/palette";
import type { SeriesTable } from "../../../src/session";
import { LogColourScale } from "../../../src/views/graph/colouring/log-colour-scale";
import { readNorms } from "../../../src/views/graph/colouring/norms";

function table(names: readonly string[], rows: readonly (readonly number[])[]): SeriesTable {
  const steps = Float64Array.from(rows, (_, step) => step * 10);
  return {
    id: "grad_norm",
    kind: "grad_norm",
    names,
    lastStep: steps.at(-1) ?? -1,
    points: (column) => ({ steps, values: Float32Array.from(rows, (row) => row[column] ?? 0) }),
    latest: () => Float32Array.from(rows.at(-1) ?? []),
  };
}

describe("readNorms", () => {
  const tables = [
    table(
      ["a.weight", "a.b.weight", "bias"],
      [
        [1, 1, 1],
        [3, 4, 12],
      ],
    ),
  ];

  it("adds the squares of all parameters below a module", () => {
    const norms = readNorms(tables, "grad_norm", null);
    expect(Object.fromEntries(norms.modules)).toEqual({ "": 13, a: 5, "a.b": 4 });
    expect(norms.step).toBe(10);
  });

  it("reads the last row up to the cursor", () => {
    expect(readNorms(tables, "grad_norm", 9).parameters.get("bias")).toBe(1);
    expect(readNorms(tables, "grad_norm", 10).parameters.get("bias")).toBe(12);
  });

  it("includes a tied parameter in each of its modules, and once in the model", () => {
    const tied = [["wte.weight", "head.weight"]];
    const norms = readNorms([table(["wte.weight"], [[2]])], "grad_norm", null, tied);
    expect(Object.fromEntries(norms.modules)).toEqual({ "": 2, wte: 2, head: 2 });
  });

  it("returns no gradient norm of a frozen parameter, and the others' of its module", () => {
    const frozen = new Set(["bias", "a.weight"]);
    const never = [
      table(
        ["a.weight", "a.b.weight", "bias"],
        [
          [Number.NaN, 1, 1],
          [Number.NaN, 4, 12],
        ],
      ),
    ];
    const now = readNorms(never, "grad_norm", null, [], frozen);
    expect(Object.fromEntries(now.modules)).toEqual({ "": 4, a: 4, "a.b": 4 });
    const before = readNorms(never, "grad_norm", 9, [], frozen);
    expect(Object.fromEntries(before.parameters)).toEqual({ "a.b.weight": 1, bias: 1 });
  });

  it("returns non-finite values", () => {
    const norms = readNorms([table(["a.weight", "bias"], [[Number.NaN, 1]])], "grad_norm", null);
    expect(norms.modules.get("a")).toBeNaN();
    expect(norms.modules.get("")).toBeNaN();
  });

  it("returns nothing before the first row", () => {
    const empty = { ...table(["bias"], []), latest: () => null };
    expect(readNorms([empty], "grad_norm", null)).toMatchObject({ step: null });
  });
});

describe("LogColourScale", () => {
  it("spans whole decades and colours by the logarithm", () => {
    const scale = new LogColourScale();
    expect(scale.fit([0.002, 0.5, 0, Number.NaN])).toBe(true);
    expect(scale.decades).toEqual({ low: -3, high: 0 });
    expect(scale.colour(1)).toBe("rgb(253, 231, 37)");
    expect(scale.colour(1e-9)).toBe("rgb(68, 1, 84)");
    expect(scale.colour(0)).toBe(PALETTE[0]);
    expect(scale.colour(Number.NaN)).toBeNull();
  });

  it("has no colour before the first norm", () => {
    expect(new LogColourScale().colour(1)).toBeNull();
  });

  it("widens at once, and narrows after many readings with a smaller range", () => {
    const scale = new LogColourScale();
    scale.fit([0.5, 50]);
    expect(scale.fit([0.5, 5000])).toBe(true);
    expect(scale.decades).toEqual({ low: -1, high: 4 });
    const changes = Array.from({ length: 31 }, () => scale.fit([0.5, 50]));
    expect(changes.filter(Boolean)).toHaveLength(1);
    expect(changes.at(-1)).toBe(true);
    expect(scale.decades).toEqual({ low: -1, high: 2 });
  });
});
