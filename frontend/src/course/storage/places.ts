/** Indices of elements, the sums that lead to their places, and colours of places. */

import type { StorageReading } from "../../messages/storage";

// Okabe-Ito without black and yellow, as in the still pictures.
const PALETTE = ["#0a84c6", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];

/** Returns the index of an element, counted in reading order. */
export function indexOf(element: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = element;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** Returns how the place of an element comes about: "[1, 2]: 0 + 1 × 4 + 2 × 1 = place 6". */
export function sumOf(element: number, reading: StorageReading): string {
  const index = indexOf(element, reading.shape);
  const jumps = index.map((each, dimension) => `${each} × ${reading.stride[dimension]}`);
  const sum = [reading.offset, ...jumps].join(" + ");
  return `[${index.join(", ")}]: ${sum} = place ${reading.places[element]}`;
}

/** Returns the colour of each place: that of the first row that reads it; null if none does. */
export function hues(reading: StorageReading, count: number): readonly (string | null)[] {
  const columns = Math.max(1, reading.shape.at(-1) ?? 1);
  const found = new Array<string | null>(count).fill(null);
  reading.places.forEach((place, element) => {
    const row = Math.floor(element / columns);
    found[place] ??= PALETTE[row % PALETTE.length] ?? null;
  });
  return found;
}
