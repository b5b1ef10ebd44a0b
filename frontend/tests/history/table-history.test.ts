import { describe, expect, it } from "vitest";
import { rowsFor, TableHistory } from "../../src/history/table-history";
import type { TableSnapshot } from "../../src/messages/tables";
import { viewOf } from "../fake-channel";

const LIMIT = 128;

function filled(rows: number, valueAt: (step: number) => number, chunk = 100): TableHistory {
  const table = new TableHistory("loss", "loss", ["loss"], LIMIT, LIMIT);
  for (let start = 0; start < rows; start += chunk) {
    const steps = Float64Array.from({ length: Math.min(chunk, rows - start) }, (_, i) => start + i);
    table.append({ steps, values: Float32Array.from(steps, valueAt) });
  }
  return table;
}

describe("a table's history", () => {
  it("stores all rows while there are few", () => {
    const { steps, values } = filled(LIMIT, (step) => step * 2).points(0);
    expect(steps).toHaveLength(LIMIT);
    expect(values[5]).toBe(10);
  });

  it("stores a spike in a million steps, with its step, in bounded memory", () => {
    const table = filled(1_000_000, (step) => (step === 123_457 ? 1000 : Math.sin(step)), 4096);
    const { steps, values } = table.points(0);
    expect(steps.length).toBeLessThanOrEqual(3 * LIMIT);
    const spike = values.indexOf(1000);
    expect(steps[spike]).toBe(123_457);
    expect(table.lastStep).toBe(999_999);
  });

  it("stores a NaN and an infinity of old rows", () => {
    const odd = new Map([
      [777, Number.NaN],
      [3000, Number.NEGATIVE_INFINITY],
      [5000, Number.POSITIVE_INFINITY],
    ]);
    const { steps, values } = filled(20_000, (step) => odd.get(step) ?? 1).points(0);
    for (const [step, value] of odd) expect(values[steps.indexOf(step)]).toBe(value);
  });

  it("stores the finite minimum of a bucket with a NaN", () => {
    const valueAt = (step: number) => (step % 2 === 0 ? Number.NaN : -step);
    const { values } = filled(10 * LIMIT, valueAt).points(0);
    expect([...values].some((value) => Number.isFinite(value))).toBe(true);
    expect([...values].some((value) => Number.isNaN(value))).toBe(true);
  });

  it("returns points sorted by step, without duplicates", () => {
    const { steps } = filled(50_000, (step) => Math.sin(step / 7)).points(0);
    expect([...steps].every((step, i) => i === 0 || step > (steps[i - 1] as number))).toBe(true);
  });

  it("does not depend on how the rows are divided into frames", () => {
    const wave = (step: number) => Math.cos(step / 11);
    const [some, others] = [filled(3000, wave, 64).points(0), filled(3000, wave, 1).points(0)];
    expect([...some.steps].slice(0, 20)).toEqual([...others.steps].slice(0, 20));
    expect(some.steps.at(-1)).toBe(others.steps.at(-1));
  });

  it("stores the columns separately", () => {
    const table = new TableHistory("grad_norm", "grad_norm", ["a", "b"], 4, 4);
    const steps = Float64Array.from({ length: 9 }, (_, i) => i);
    const values = Float32Array.from([...steps].flatMap((step) => [step, -step]));
    table.append({ steps, values });
    expect(Math.max(...table.points(0).values)).toBe(8);
    expect(Math.min(...table.points(1).values)).toBe(-8);
    expect([...(table.latest() ?? [])]).toEqual([8, -8]);
  });

  it("omits values that were not read, and no number", () => {
    const table = new TableHistory("act_mean", "act_mean", ["a", "b"], 4, 4);
    const steps = Float64Array.from({ length: 60 }, (_, step) => step);
    const rare = (step: number) => (step % 5 === 0 ? 100 - step : Number.NaN);
    table.append({ steps, values: Float32Array.from([...steps].flatMap((at) => [at, rare(at)])) });
    const points = table.points(1);
    expect([...points.values].some((value) => Number.isNaN(value))).toBe(false);
    expect([points.steps[0], points.values[0]]).toEqual([0, 100]);
    expect([...points.values]).toEqual([...points.steps].map(rare));
  });

  it("returns the newest value of each column", () => {
    const table = new TableHistory("act_mean", "act_mean", ["a", "b", "c"]);
    const values = Float32Array.of(1, 2, Number.NaN, 3, Number.NaN, Number.NaN);
    table.append({ steps: Float64Array.of(1, 2), values });
    expect([...(table.latest() ?? [])]).toEqual([3, 2, Number.NaN]);
  });

  it("replaces the newest value of a metric that is logged again at its step", () => {
    const table = new TableHistory("metric/a", "metric", ["a"]);
    table.append({ steps: Float64Array.of(1, 2), values: Float32Array.of(10, 20) });
    table.append({ steps: Float64Array.of(2, 3), values: Float32Array.of(21, 30) });
    const { steps, values } = table.points(0);
    expect([[...steps], [...values]]).toEqual([
      [1, 2, 3],
      [10, 21, 30],
    ]);
  });

  it("continues the buckets of a snapshot", () => {
    const table: TableSnapshot = {
      id: "loss",
      kind: "loss",
      names: ["loss"],
      columns: 1,
      rows: 1,
      steps: 0,
      values: 1,
      stride: 10,
      buckets: 1,
      first: 2,
      low: 3,
      low_at: 4,
      high: 5,
      high_at: 6,
      tail_limit: LIMIT,
      bucket_limit: LIMIT,
    };
    const buffers = [[100], [5], [50], [1], [8], [9], [3]].map((values, index) =>
      viewOf(index === 0 || index === 2 ? Float64Array.from(values) : Float32Array.from(values)),
    );
    const { steps, values } = TableHistory.fromSnapshot(table, buffers).points(0);
    expect([...steps]).toEqual([53, 58, 100]);
    expect([...values]).toEqual([9, 1, 5]);
  });

  it("has the same maximum number of rows as the kernel", () => {
    expect([1, 1000, 100_000].map(rowsFor)).toEqual([2048, 256, 128]);
  });
});
