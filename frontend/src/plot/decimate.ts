/** Decimates points for drawing to the extremes of each slice of the visible steps. */

import type { Points } from "../session";
import type { StepRange } from "./plotly-figure";

/**
 * Returns the indices of the points to draw, ascending: the minimum, the maximum, and one
 * non-finite point, which makes the gap visible, of each of `slices` equal parts of the range, and
 * one point beyond each end.
 */
export function decimate(
  { steps, values }: Points,
  slices: number,
  range?: StepRange | null,
): number[] {
  const start = range ? Math.max(0, firstAtLeast(steps, range[0]) - 1) : 0;
  const end = range ? Math.min(steps.length, firstAtLeast(steps, range[1]) + 2) : steps.length;
  if (end - start <= 2 * slices) return Array.from({ length: end - start }, (_, i) => start + i);
  const from = steps[start] as number;
  const width = ((steps[end - 1] as number) - from || 1) / slices;
  const kept: number[] = [];
  let [slice, low, high, gap] = [0, -1, -1, -1];
  const flush = () => {
    const unique = new Set([low, high, gap].filter((index) => index >= 0));
    kept.push(...[...unique].sort((a, b) => a - b));
    low = high = gap = -1;
  };
  for (let index = start; index < end; index++) {
    const current = Math.min(slices - 1, Math.floor(((steps[index] as number) - from) / width));
    if (current !== slice) {
      flush();
      slice = current;
    }
    const value = values[index] as number;
    if (!Number.isFinite(value)) gap = index;
    else {
      if (low < 0 || value < (values[low] as number)) low = index;
      if (high < 0 || value > (values[high] as number)) high = index;
    }
  }
  flush();
  return kept;
}

/** Returns the index of the first step that is not before the given one. */
export function firstAtLeast(steps: Float64Array, step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
