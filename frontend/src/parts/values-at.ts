/** The values of a table at the step that all views show. */

import type { SeriesTable } from "../session";

/**
 * Returns the last value of each column up to a step, NaN without one; the newest values for null.
 * Returns null without rows.
 */
export function valuesAt(table: SeriesTable, step: number | null): Float32Array | null {
  if (step === null) return table.latest();
  return Float32Array.from(table.names, (_, column) => {
    const { steps, values } = table.points(column);
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle] ?? 0) <= step) low = middle + 1;
      else high = middle;
    }
    return values[low - 1] ?? Number.NaN;
  });
}
