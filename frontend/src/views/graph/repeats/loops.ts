/**
 * Finds the passes of loops: a module that is called several times, and what is between its calls.
 *
 * Unlike a repeated section, a loop may have passes that lack an element, such as the first one,
 * which has no state before it.
 */

import { aligned } from "./alignment";

/** An element of the sequence of operations and calls. */
export interface LoopElement {
  /** Equal for equal operations, and for calls of modules of the same class. */
  readonly key: number;
  /** The path of a module whose calls may be passes of a loop; null for all else. */
  readonly path: string | null;
}

/** A loop; its elements are given by their indices. */
export interface Loop {
  /** For each pass, the element in each slot; null where the pass has none. */
  readonly passes: readonly (readonly (number | null)[])[];
  /** The slot of the module that is called in every pass. */
  readonly anchor: number;
}

export const MIN_CALLS = 3;
/** Maximum number of elements between two calls. */
const MAX_BETWEEN = 128;

type Indices = readonly number[];

/** Returns the loops of a sequence, without overlaps. */
export function findLoops(elements: readonly LoopElement[]): readonly Loop[] {
  const calls = new Map<string, number[]>();
  elements.forEach(({ path }, index) => {
    if (path !== null) calls.set(path, [...(calls.get(path) ?? []), index]);
  });
  const taken = new Set<number>();
  const loops: Loop[] = [];
  for (const indices of calls.values()) {
    const anchors = indices.filter((index) => !taken.has(index));
    const loop = anchors.length < MIN_CALLS ? null : loopOf(elements, anchors, taken);
    if (!loop) continue;
    loops.push(loop);
    for (const index of loop.passes.flat()) if (index !== null) taken.add(index);
  }
  return loops;
}

/** Returns the loop of some calls; null if what is between them differs too much. */
function loopOf(
  elements: readonly LoopElement[],
  anchors: Indices,
  taken: ReadonlySet<number>,
): Loop | null {
  const [first, last] = [anchors[0] ?? 0, anchors.at(-1) ?? 0];
  const free = (from: number, to: number) =>
    range(Math.max(0, from), Math.min(elements.length, to)).filter((index) => !taken.has(index));
  const between = anchors.slice(1).map((next, place) => free((anchors[place] ?? 0) + 1, next));
  const keysOf = (indices: Indices) => indices.map((index) => elements[index]?.key ?? -1);
  const template = mostFrequent(between.map(keysOf));
  if (template.length > MAX_BETWEEN || !areAlike(between.map(keysOf), template)) return null;
  const before = free(first - template.length, first);
  const after = free(last + 1, last + 1 + template.length);
  const split = splitOf(template, keysOf(before), keysOf(after));
  const [tail, head] = [template.slice(0, split), template.slice(split)];
  const slotsOf = (part: Indices, indices: Indices) =>
    aligned(part, keysOf(indices)).map((place) =>
      place === null ? null : (indices[place] ?? null),
    );
  const inner = between.map((indices) => slotsOf(template, indices));
  const heads = [
    slotsOf(head, before.slice(before.length - head.length)),
    ...inner.map((slots) => slots.slice(split)),
  ];
  const tails = [
    ...inner.map((slots) => slots.slice(0, split)),
    slotsOf(tail, after.slice(0, split)),
  ];
  const passes = anchors.map((anchor, pass) => [
    ...(heads[pass] ?? []),
    anchor,
    ...(tails[pass] ?? []),
  ]);
  return withoutRareSlots({ passes, anchor: head.length });
}

/**
 * Returns how many elements of the template are after the call of their pass. What is neither before
 * the first call nor after the last one is before its call, as the first pass is the odd one more often.
 */
function splitOf(template: Indices, before: Indices, after: Indices): number {
  const matches = (part: Indices, keys: Indices) =>
    aligned(part, keys).filter((place) => place !== null).length;
  const scores = range(0, template.length + 1).map((split) => {
    const head = before.slice(before.length - (template.length - split));
    const isWhole = split === template.length;
    return (
      matches(template.slice(0, split), after.slice(0, split)) +
      (isWhole ? 0 : matches(template.slice(split), head))
    );
  });
  return scores.indexOf(Math.max(...scores));
}

/**
 * Whether sequences are those of one loop: few have elements that the template lacks, and hardly
 * any have others in the place of these.
 */
function areAlike(sequences: readonly Indices[], template: Indices): boolean {
  let [longer, other] = [0, 0];
  for (const keys of sequences) {
    const matches = aligned(template, keys).filter((place) => place !== null).length;
    if (keys.length > matches) longer += 1;
    if (keys.length > matches && template.length > matches) other += 1;
  }
  const count = sequences.length;
  return longer <= Math.max(1, Math.floor(count / 3)) && other <= Math.floor(count / 4);
}

/** Returns the loop without slots that are empty in half of the passes or more. */
function withoutRareSlots({ passes, anchor }: Loop): Loop {
  const slots = range(0, passes[0]?.length ?? 0).filter((slot) => {
    const filled = passes.filter((pass) => pass[slot] !== null).length;
    return filled > passes.length / 2;
  });
  return {
    passes: passes.map((pass) => slots.map((slot) => pass[slot] ?? null)),
    anchor: slots.indexOf(anchor),
  };
}

/** Returns the most frequent sequence; of equally frequent ones the longest. */
function mostFrequent(sequences: readonly Indices[]): Indices {
  const counts = new Map<string, { count: number; readonly keys: Indices }>();
  for (const keys of sequences) {
    const known = counts.get(keys.join()) ?? { count: 0, keys };
    known.count += 1;
    counts.set(keys.join(), known);
  }
  const sorted = [...counts.values()].sort(
    (one, two) => two.count - one.count || two.keys.length - one.keys.length,
  );
  return sorted[0]?.keys ?? [];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
