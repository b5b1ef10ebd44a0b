/** The rows of a heat map in forward order, each with the column of its numbers. */

import { formatCount, formatValue } from "../parts/format";
import type { BlockKind } from "../protocol";
import type { Block, RunSession } from "../session";

export interface Row {
  readonly name: string;
  readonly block: Block;
  readonly column: number;
}

export function rowsOf({ blocks }: RunSession, kind: BlockKind): Row[] {
  return blocks
    .filter((block) => block.kind === kind)
    .flatMap((block) => block.names.map((name, column) => ({ name, block, column })));
}

/** Describes the newest values, for screen readers. */
export function describeNewest(rows: readonly Row[], quantity: string): string {
  const newest = rows.map(({ name, block, column }) => ({
    name,
    value: block.latest()?.[column] ?? Number.NaN,
  }));
  const finite = newest.filter(({ value }) => Number.isFinite(value));
  const sorted = finite.sort((a, b) => a.value - b.value);
  const [least, max] = [sorted[0], sorted.at(-1)];
  const step = Math.max(-1, ...rows.map(({ block }) => block.lastStep));
  const facts = [`${quantity} of ${rows.length} parameters at step ${formatCount(step)}`];
  if (least && max) {
    facts.push(`largest ${max.name} ${formatValue(max.value)}`);
    facts.push(`smallest ${least.name} ${formatValue(least.value)}`);
  }
  const notFinite = newest.length - finite.length;
  if (notFinite > 0) facts.push(`not read or not finite in ${notFinite}`);
  const [head, ...rest] = facts;
  return rest.length > 0 ? `${head}: ${rest.join(", ")}` : `${head}`;
}

/** Returns the first and the last recorded step; null while there is none. */
export function stepsOf(rows: readonly Row[]): readonly [first: number, last: number] | null {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const { block, column } of rows) {
    first = Math.min(first, block.points(column).steps[0] ?? Number.POSITIVE_INFINITY);
    last = Math.max(last, block.lastStep);
  }
  return last < 0 ? null : [Math.min(first, last), last];
}
