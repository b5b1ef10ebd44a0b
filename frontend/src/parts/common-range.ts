/** A range of values that views of several runs beside each other have in common. */

import type { RunSession, RunsBeside } from "../session";

export type ValueRange = readonly [low: number, high: number];

interface Own {
  readonly range: ValueRange;
  /** Draws the view of this run anew. */
  readonly redraw: () => void;
}

/** The newest range of each run, by what it is of. */
const ranges = new WeakMap<RunsBeside, Map<string, Map<RunSession, Own>>>();

/**
 * Returns the range of a run's values together with those of the runs beside it, whose views are
 * drawn anew if it has changed; of a run that is alone, its own range. `key` says what it is of.
 */
export function commonRange(
  session: RunSession,
  key: string,
  own: ValueRange,
  redraw: () => void,
): ValueRange {
  const { beside } = session;
  if (!beside) return own;
  const byKey = ranges.get(beside) ?? new Map<string, Map<RunSession, Own>>();
  ranges.set(beside, byKey);
  const byRun = byKey.get(key) ?? new Map<RunSession, Own>();
  byKey.set(key, byRun);
  const before = byRun.get(session)?.range;
  byRun.set(session, { range: own, redraw });
  const others = [...byRun].filter(([run]) => run !== session).map(([, each]) => each);
  const isSame = before?.[0] === own[0] && before[1] === own[1];
  if (!isSame) for (const each of others) each.redraw();
  const all = [own, ...others.map(({ range }) => range)];
  return [Math.min(...all.map(([low]) => low)), Math.max(...all.map(([, high]) => high))];
}

/** Returns the lowest and the highest finite value; 0 to 1 without any. */
export function rangeOf(values: Iterable<number>): ValueRange {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
