/** The sums of the first, the first two, … of several curves as a table of their own. */

import { firstAtLeast } from "../../plot/decimate";
import type { Points, SeriesTable } from "../../session";
import type { Line } from "./quantities";

/** Column 0 is the first curve, the last column the sum of all. */
export class StackedTable implements SeriesTable {
  readonly kind = "metric";
  readonly id: string;
  readonly names: readonly string[];
  private read: readonly Points[] = [];
  private sums: readonly Points[] = [];

  constructor(private readonly parts: readonly Line[]) {
    this.names = parts.map(({ name }) => name);
    this.id = `stack ${this.names.join(" ")}`;
  }

  get lastStep(): number {
    return Math.min(...this.parts.map(({ table }) => table.lastStep));
  }

  points(column: number): Points {
    const read = this.parts.map(({ table, column: own }) => table.points(own));
    if (read.some((points, index) => points !== this.read[index])) {
      this.read = read;
      this.sums = sumsOf(read, this.lastStep);
    }
    return this.sums[column] as Points;
  }

  latest(): Float32Array | null {
    const newest = this.parts.map((_, column) => this.points(column).values.at(-1));
    return newest.includes(undefined) ? null : Float32Array.from(newest as number[]);
  }
}

/** Returns the running sums at the steps of the first curve, between whose points is interpolated. */
function sumsOf(parts: readonly Points[], last: number): Points[] {
  const all = parts[0]?.steps ?? new Float64Array(0);
  const steps = all.subarray(0, firstAtLeast(all, last + 1));
  const sum = new Float32Array(steps.length);
  return parts.map((points) => {
    let next = 0;
    steps.forEach((step, index) => {
      while (next < points.steps.length - 1 && (points.steps[next] as number) < step) next += 1;
      sum[index] = (sum[index] as number) + valueAt(points, next, step);
    });
    return { steps, values: sum.slice() };
  });
}

/** Returns the value at a step, where `next` is the first point that is not before it. */
function valueAt({ steps, values }: Points, next: number, step: number): number {
  const [after, value] = [steps[next] as number, values[next] as number];
  const before = steps[next - 1];
  if (after <= step || before === undefined) return value;
  const earlier = values[next - 1] as number;
  return earlier + ((step - before) / (after - before)) * (value - earlier);
}
