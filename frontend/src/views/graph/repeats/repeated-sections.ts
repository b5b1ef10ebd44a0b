/** Finds sections of a sequence that are repeated without a gap. */

/** A section of `period` elements that occurs `count` times in a row, from index `start`. */
export interface RepeatedSection {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

/** Maximum length of a section. */
const MAX_PERIOD = 128;

/**
 * Returns the repeated section with the largest extent at each position, from left to right, without
 * overlaps. Each of `keys` is an encoding of the sequence, in which equal numbers stand for equal
 * elements. `minimum` returns the minimum of `count`.
 */
export function findRepeatedSections(
  keys: readonly (readonly number[])[],
  minimum: (start: number, period: number) => number,
): RepeatedSection[] {
  const length = keys[0]?.length ?? 0;
  const candidates = keys.flatMap((reading) => candidatesIn(reading, minimum));
  const best = new Map<number, RepeatedSection>();
  for (const section of candidates) {
    const known = best.get(section.start);
    if (!known || lengthOf(section) > lengthOf(known)) best.set(section.start, section);
  }
  const sections: RepeatedSection[] = [];
  let place = 0;
  while (place < length) {
    const section = best.get(place);
    if (section) sections.push(section);
    place += section ? lengthOf(section) : 1;
  }
  return sections;
}

function candidatesIn(
  keys: readonly number[],
  minimum: (start: number, period: number) => number,
): RepeatedSection[] {
  const found: RepeatedSection[] = [];
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

function lengthOf(section: RepeatedSection): number {
  return section.period * section.count;
}
