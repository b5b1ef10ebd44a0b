/**
 * Finds the metrics that are the parts of the loss.
 *
 * They are not negative, and add up to the recorded loss at the newest steps at which all of them
 * were logged. A metric that was logged before the step that it belongs to has the number of the
 * step before.
 */

import { pointAt } from "../../plot/extremes";
import type { Points, SeriesTable } from "../../session";
import type { Line, Quantity } from "./quantities";
import { StackedTable } from "./stacked-table";

/** Number of steps at which the sum is compared, and the smallest number that is sufficient. */
const MAX_COMPARED = 8;
const MIN_COMPARED = 4;
/** Largest relative difference of the sum: a loss of 16 bits has three digits. */
const TOLERANCE = 1e-3;
/** Smallest share of the loss that a part has at one of the steps. */
const MIN_SHARE = 1e-2;
/** Maximum number of metrics of which all combinations are tried. */
const MAX_CANDIDATES = 10;

/** Returns the parts in recorded order; empty if there are none. */
export function lossParts(quantities: readonly Quantity[]): readonly Line[] {
  const lines = quantities.flatMap((quantity) => quantity.lines);
  const losses = lines.filter(({ table }) => table.kind === "loss");
  const [loss] = losses;
  if (!loss || losses.length > 1) return [];
  const metrics = lines.filter(({ table }) => table.kind === "metric");
  for (const [, logged] of bySteps(metrics)) {
    for (const offset of [0, 1]) {
      const found = partsAmong(logged, loss, offset);
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** Groups metrics by their newest steps, as parts are logged together. */
function bySteps(metrics: readonly Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of metrics) {
    const steps = pointsOf(line).steps.slice(-MAX_COMPARED);
    if (steps.length < MIN_COMPARED) continue;
    const key = steps.join();
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return groups;
}

function partsAmong(logged: readonly Line[], loss: Line, offset: number): readonly Line[] {
  const newest = logged[0] ? pointsOf(logged[0]).steps.slice(-MAX_COMPARED) : [];
  const compared = [...newest].flatMap((step, index) => {
    const found = pointAt(pointsOf(loss), step + offset);
    const isUsable = found?.step === step + offset && Number.isFinite(found.value);
    return isUsable ? [{ row: newest.length - 1 - index, total: found.value }] : [];
  });
  if (compared.length < MIN_COMPARED) return [];
  const totals = compared.map(({ total }) => total);
  const candidates = logged
    .map((line) => ({ line, values: compared.map(({ row }) => fromEnd(pointsOf(line), row)) }))
    .filter(({ line, values }) => canBePart(pointsOf(line), values, totals))
    .slice(0, MAX_CANDIDATES);
  const chosen = largestSum(
    candidates.map(({ values }) => values),
    totals,
  );
  return chosen.map((index) => (candidates[index] as { line: Line }).line);
}

/** Whether values are those of a part: never negative, not negligible, and not the loss itself. */
function canBePart({ values: all }: Points, values: number[], totals: number[]): boolean {
  const share = (index: number) => (values[index] as number) / (totals[index] as number);
  const isMaterial = values.some((_, index) => share(index) >= MIN_SHARE);
  return isMaterial && !addsUp(values, totals) && !all.some((value) => value < 0);
}

/** Returns the largest combination of two or more candidates whose sum is the total. */
function largestSum(candidates: readonly number[][], totals: number[]): number[] {
  let largest: number[] = [];
  for (let bits = 3; bits < 2 ** candidates.length; bits++) {
    const chosen = [...candidates.keys()].filter((index) => bits & (1 << index));
    if (chosen.length < 2 || chosen.length <= largest.length) continue;
    const sums = totals.map((_, row) =>
      chosen.reduce((sum, index) => sum + (candidates[index]?.[row] ?? Number.NaN), 0),
    );
    if (addsUp(sums, totals)) largest = chosen;
  }
  return largest;
}

function addsUp(sums: readonly number[], totals: readonly number[]): boolean {
  return totals.every((total, index) => {
    const difference = Math.abs((sums[index] ?? Number.NaN) - total);
    return difference <= TOLERANCE * Math.abs(total);
  });
}

function pointsOf({ table, column }: Line): Points {
  return table.points(column);
}

function fromEnd({ values }: Points, row: number): number {
  return values[values.length - 1 - row] ?? Number.NaN;
}

/**
 * The parts of the loss of a run, searched again when metrics come and when the number of steps has
 * doubled, as a search in every drawing would take too long.
 */
export class LossStack {
  private areas: readonly Line[] = [];
  private tables: readonly SeriesTable[] = [];
  private dueAt = 0;

  /** Returns the parts as stacked lines; `quantities` are all quantities of the run. */
  areasOf(quantities: readonly Quantity[]): readonly Line[] {
    const tables = quantities.flatMap(({ lines }) => lines.map(({ table }) => table));
    const newest = Math.max(0, ...tables.map(({ lastStep }) => lastStep));
    const isSame =
      tables.length === this.tables.length &&
      tables.every((table, index) => table === this.tables[index]);
    if (isSame && newest < this.dueAt) return this.areas;
    this.tables = tables;
    this.dueAt = Math.max(MIN_COMPARED, 2 * newest);
    this.update(lossParts(quantities));
    return this.areas;
  }

  private update(parts: readonly Line[]): void {
    const isSame =
      parts.length === this.areas.length &&
      parts.every(({ table }, index) => table === this.areas[index]?.part?.table);
    if (isSame) return;
    const table = new StackedTable(parts);
    this.areas = parts.map((part, column) => ({ name: part.name, table, column, part }));
  }
}
