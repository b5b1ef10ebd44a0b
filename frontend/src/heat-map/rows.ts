/** The rows of a heat map in forward order, each with its table and column. */

import type { TableKind } from "../messages/tables";
import { formatCount, formatValue } from "../parts/format";
import type { RunSession, SeriesTable } from "../session";

export interface Row {
  readonly name: string;
  readonly table: SeriesTable;
  readonly column: number;
  /** Whether it is a parameter that is frozen now. */
  readonly frozen: boolean;
}

/** What is written beside the name of a frozen parameter. */
export const FROZEN = "frozen";

/** Whether a row has no values any more: the weights of a frozen parameter still have a norm. */
export function hasEnded({ frozen, table }: Row): boolean {
  return frozen && table.kind !== "weight_norm";
}

export function rowsOf({ tables, frozen }: RunSession, kind: TableKind): Row[] {
  return tables
    .filter((table) => table.kind === kind)
    .flatMap((table) =>
      table.names.map((name, column) => ({ name, table, column, frozen: frozen.has(name) })),
    );
}

/** Returns what changes whenever a view of tables of these kinds has something new to draw. */
export function revisionOf(session: RunSession, kinds: readonly TableKind[]): string {
  const { frozen, isLoading, problem, state, beside } = session;
  const tables = [session, ...(beside?.sessions ?? [])].flatMap((each) => each.tables);
  const steps = tables
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ id, names, lastStep }) => `${id} ${names.length} ${lastStep}`);
  const others = [...frozen, isLoading, problem, state?.status, state?.step === 0];
  return [...steps, ...others].join("\n");
}

/** Returns a description of the newest values for screen readers. */
export function describeNewest(rows: readonly Row[], quantity: string): string {
  const trained = rows.filter(({ frozen }) => !frozen);
  const newest = trained.map(({ name, table, column }) => ({
    name,
    value: table.latest()?.[column] ?? Number.NaN,
  }));
  const finite = newest.filter(({ value }) => Number.isFinite(value));
  const sorted = finite.sort((a, b) => a.value - b.value);
  const [least, max] = [sorted[0], sorted.at(-1)];
  const step = Math.max(-1, ...rows.map(({ table }) => table.lastStep));
  const facts = [`${quantity} of ${rows.length} parameters at step ${formatCount(step)}`];
  if (least && max) {
    facts.push(`largest ${max.name} ${formatValue(max.value)}`);
    facts.push(`smallest ${least.name} ${formatValue(least.value)}`);
  }
  const notFinite = newest.length - finite.length;
  if (notFinite > 0) facts.push(`not read or not finite in ${notFinite}`);
  const frozen = rows.length - trained.length;
  if (frozen > 0) facts.push(`${FROZEN}: ${frozen}`);
  const [head, ...rest] = facts;
  return rest.length > 0 ? `${head}: ${rest.join(", ")}` : `${head}`;
}

/** Returns the first and the last recorded step; null without any. */
export function stepsOf(rows: readonly Row[]): readonly [first: number, last: number] | null {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const { table, column } of rows) {
    first = Math.min(first, table.points(column).steps[0] ?? Number.POSITIVE_INFINITY);
    last = Math.max(last, table.lastStep);
  }
  return last < 0 ? null : [Math.min(first, last), last];
}
