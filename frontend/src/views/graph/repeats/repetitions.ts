/** Finds repeated sections of a sequence. */

/** `count` identical sections of `period` elements each, from index `start`. */
export interface Repetition {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

/** Maximum length of a section. */
const MAX_PERIOD = 128;

/**
 * Returns the longest repetition at each position, from left to right, without overlaps. Each of
 * `keys` is an encoding of the sequence, in which equal numbers stand for equal elements. `minimum`
 * returns the minimum number of sections of a repetition.
 */
export function findRepetitions(
  keys: readonly (readonly number[])[],
  minimum: (start: number, period: number) => number,
): Repetition[] {
  const length = keys[0]?.length ?? 0;
  const candidates = keys.flatMap((reading) => candidatesIn(reading, minimum));
  const best = new Map<number, Repetition>();
  for (const repetition of candidates) {
    const known = best.get(repetition.start);
    if (!known || lengthOf(repetition) > lengthOf(known)) best.set(repetition.start, repetition);
  }
  const repetitions: Repetition[] = [];
  let place = 0;
  while (place < length) {
    const repetition = best.get(place);
    if (repetition) repetitions.push(repetition);
    place += repetition ? lengthOf(repetition) : 1;
  }
  return repetitions;
}

function candidatesIn(
  keys: readonly number[],
  minimum: (start: number, period: number) => number,
): Repetition[] {
  const found: Repetition[] = [];
  const max = Math.min(MAX_PERIOD, Math.floor(keys.length / 2));
  for (let period = 1; period <= max; period += 1) {
    let alike = 0;
    for (let start = keys.length - period - 1; start >= 0; start -= 1) {
      alike = keys[start] === keys[start + period] ? alike + 1 : 0;
      const count = 1 + Math.floor(alike / period);
      if (count > 1 && count >= minimum(start, period)) found.push({ start, period, count });
    }
  }
  return found;
}

function lengthOf(repetition: Repetition): number {
  return repetition.period * repetition.count;
}
