import { describe, expect, it } from "vitest";
import { largestOf, NO_SAMPLE, NOT_FINITE } from "../../src/heat-map/cells";
import { entriesOf } from "../../src/heat-map/groups";
import type { Row } from "../../src/heat-map/rows";
import type { SeriesTable } from "../../src/session";

function rows(names: readonly string[]): Row[] {
  return names.map((name, column) => ({ name, column, table: {} as SeriesTable, frozen: false }));
}

const DEEP = rows(
  ["embedding.weight"].concat(
    Array.from({ length: 6 }, (_, layer) => [
      `net.h.${layer}.attn.weight`,
      `net.h.${layer}.attn.bias`,
      `net.h.${layer}.mlp.weight`,
    ]).flat(),
  ),
);

describe("rows by module", () => {
  it("are not grouped if there is room", () => {
    const few = entriesOf(DEEP, new Set(), 28);
    expect(few).toHaveLength(DEEP.length);
    expect(few.every(({ open }) => open === null)).toBe(true);
  });

  it("are grouped without room, and opened level by level", () => {
    const names = entriesOf(DEEP, new Set(), 8).map(({ name, open }) => [name, open]);
    expect(names).toEqual([
      ["embedding.weight", null],
      ["net.h", true],
      ...Array.from({ length: 6 }, (_, layer) => [`net.h.${layer}`, false]),
    ]);
  });

  it("are opened and closed by the user", () => {
    const opened = entriesOf(DEEP, new Set(["net.h.2"]), 8).map(({ name }) => name);
    expect(opened).toContain("net.h.2.mlp.weight");
    expect(opened).toContain("net.h.2.attn");
    const closed = entriesOf(DEEP, new Set(["net.h"]), 8);
    expect(closed.map(({ name }) => name)).toEqual(["embedding.weight", "net.h"]);
    expect(closed[1]?.rows).toHaveLength(18);
  });

  it("are few for a model with thousands of parameters", () => {
    const many = rows(Array.from({ length: 5000 }, (_, n) => `h.${n % 50}.x.${n}.weight`));
    expect(entriesOf(many, new Set(), 28).length).toBeLessThanOrEqual(28);
  });

  it("show the largest of their cells, with priority for non-finite values", () => {
    const cells = largestOf([
      Float32Array.of(1, NO_SAMPLE, 3, 4),
      Float32Array.of(2, 5, NOT_FINITE, NO_SAMPLE),
    ]);
    expect([...cells]).toEqual([2, 5, Number.NaN, 4]);
  });
});
