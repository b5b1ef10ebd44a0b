/** Finds stretches of a sequence that repeat themselves. */

/** From `start` on, `count` stretches of `period` elements each are alike. */
export interface Run {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

/** Longer stretches are not looked for. */
const MAX_PERIOD = 128;

/**
 * Runs that do not overlap, from left to right: at each place the one that covers most.
 * `keys` are readings of the sequence: elements with the same number are alike in that reading.
 * `least` says how often a stretch must be there to count as repeated.
 */
export function findRuns(
  keys: readonly (readonly number[])[],
  least: (start: number, period: number) => number,
): Run[] {
  const length = keys[0]?.length ?? 0;
  const candidates = keys.flatMap((reading) => candidatesIn(reading, least));
  const best = new Map<number, Run>();
  for (const run of candidates) {
    const known = best.get(run.start);
    if (!known || covers(run) > covers(known)) best.set(run.start, run);
  }
  const runs: Run[] = [];
  let place = 0;
  while (place < length) {
    const run = best.get(place);
    if (run) runs.push(run);
    place += run ? covers(run) : 1;
  }
  return runs;
}

function candidatesIn(
  keys: readonly number[],
  least: (start: number, period: number) => number,
): Run[] {
  const found: Run[] = [];
  const max = Math.min(MAX_PERIOD, Math.floor(keys.length / 2));
  for (let period = 1; period <= max; period += 1) {
    let alike = 0;
    for (let start = keys.length - period - 1; start >= 0; start -= 1) {
      alike = keys[start] === keys[start + period] ? alike + 1 : 0;
      const count = 1 + Math.floor(alike / period);
      if (count > 1 && count >= least(start, period)) found.push({ start, period, count });
    }
  }
  return found;
}

function covers(run: Run): number {
  return run.period * run.count;
}
