import { describe, expect, it } from "vitest";
import { nextSorting, sortedBy } from "../../src/parts/sorting";

describe("the sorting of a table", () => {
  it("has two directions and an end", () => {
    const first = nextSorting(null, "lr");
    const second = nextSorting(first, "lr");
    expect(first).toEqual({ column: "lr", isDescending: true });
    expect(second).toEqual({ column: "lr", isDescending: false });
    expect(nextSorting(second, "lr")).toBeNull();
    expect(nextSorting(second, "name", false)).toEqual({ column: "name", isDescending: false });
    expect(nextSorting(second, null)).toBeNull();
  });

  it.each([false, true])("has empty cells at the end, descending or not: %s", (isDescending) => {
    const sorted = sortedBy(
      [null, 2, Number.POSITIVE_INFINITY, null, 1],
      (each) => each,
      isDescending,
    );
    expect(sorted.slice(3)).toEqual([null, null]);
    expect(sorted[0]).toBe(isDescending ? Number.POSITIVE_INFINITY : 1);
  });

  it("orders texts as a reader does, with numbers by their size", () => {
    const names = ["mlp-10", "MLP-9", "cnn"];
    expect(sortedBy(names, (name) => name, false)).toEqual(["cnn", "MLP-9", "mlp-10"]);
  });
});
