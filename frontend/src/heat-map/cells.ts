/**
 * The cells of the heat map: for each bin of steps, the maximum position on the colour scale.
 *
 * The width of the bins is a power of two, and each bin starts at a multiple of it, so that the
 * colour of a complete cell does not change.
 */

import type { Points } from "../session";
import { type ColourScale, ZERO } from "./scale";

export const NOT_FINITE = Number.NaN;
export const NO_SAMPLE = Number.POSITIVE_INFINITY;

export interface Bins {
  readonly start: number;
  readonly width: number;
  readonly count: number;
}

/** Returns at most `max` bins for the steps from first to last. */
export function binsFor(first: number, last: number, max: number): Bins {
  let width = 1;
  for (;;) {
    const start = Math.floor(first / width) * width;
    const count = Math.floor((last - start) / width) + 1;
    if (count <= max) return { start, width, count };
    width *= 2;
  }
}

/**
 * Returns a row of cells; a bin without a sample has the value of the previous bin. If the row has
 * ended, the bins after its last sample have none.
 */
export function cellsOf(
  { steps, values }: Points,
  { start, width, count }: Bins,
  scale: Pick<ColourScale, "position">,
  hasEnded = false,
): Float32Array {
  const cells = new Float32Array(count).fill(NO_SAMPLE);
  for (let index = 0; index < steps.length; index++) {
    const bin = Math.floor(((steps[index] as number) - start) / width);
    if (bin < 0 || bin >= count) continue;
    const value = values[index] as number;
    const cell = Number.isFinite(value) ? scale.position(value) : NOT_FINITE;
    const known = cells[bin] as number;
    if (known === NO_SAMPLE || Number.isNaN(cell) || cell > known) cells[bin] = cell;
  }
  const last = Math.floor(((steps.at(-1) ?? start) - start) / width);
  const end = hasEnded ? Math.min(count, last + 1) : count;
  let previous = NO_SAMPLE;
  for (let bin = 0; bin < end; bin++) {
    if (cells[bin] === NO_SAMPLE) cells[bin] = previous;
    else previous = cells[bin] as number;
  }
  return cells;
}

/** Returns the maximum of several rows of cells; non-finite values take precedence. */
export function largestOf(rows: readonly Float32Array[]): Float32Array {
  const [first, ...others] = rows;
  if (!first || others.length === 0) return first ?? new Float32Array(0);
  const cells = first.slice();
  for (const row of others) {
    for (let bin = 0; bin < cells.length; bin++) {
      const [known, cell] = [cells[bin] as number, row[bin] as number];
      if (cell === NO_SAMPLE || Number.isNaN(known)) continue;
      if (known === NO_SAMPLE || Number.isNaN(cell) || cell > known) cells[bin] = cell;
    }
  }
  return cells;
}

/** Whether there are cells without a position on the scale, by their kind. */
export interface SpecialCells {
  readonly zero: boolean;
  readonly notFinite: boolean;
}

export function specialCellsIn(rows: readonly Float32Array[]): SpecialCells {
  return {
    zero: rows.some((cells) => cells.includes(ZERO)),
    notFinite: rows.some((cells) => cells.includes(NOT_FINITE)),
  };
}

/**
 * Returns the maximum in a bin and its step, or the last sample before an empty bin. If the row has
 * ended, there is none after its last sample.
 */
export function sampleIn(
  { steps, values }: Points,
  { start, width }: Bins,
  bin: number,
  hasEnded = false,
): { readonly step: number; readonly value: number } | null {
  const [from, end] = [start + bin * width, start + (bin + 1) * width];
  if (hasEnded && (steps.at(-1) ?? start) < from) return null;
  let best = -1;
  for (let index = 0; index < steps.length && (steps[index] as number) < end; index++) {
    const step = steps[index] as number;
    if (best < 0 || step < from || (steps[best] as number) < from) best = index;
    else if (isLarger(values[index] as number, values[best] as number)) best = index;
  }
  return best < 0 ? null : { step: steps[best] as number, value: values[best] as number };
}

function isLarger(value: number, known: number): boolean {
  return Number.isFinite(known) && (!Number.isFinite(value) || value > known);
}
