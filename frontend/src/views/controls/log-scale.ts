/** The positions of a slider on a logarithmic scale. */

const LOWEST = 1e-7;
const HIGHEST = 10;
const STEPS_PER_DECADE = 40;
export const POSITIONS = Math.round(Math.log10(HIGHEST / LOWEST) * STEPS_PER_DECADE);

/** Returns the position of a value, 0 to `POSITIONS`; values outside the scale are at its ends. */
export function positionOf(value: number): number {
  if (!(value > LOWEST)) return 0;
  const position = Math.log10(value / LOWEST) * STEPS_PER_DECADE;
  return Math.min(POSITIONS, Math.round(position));
}

/** Returns the value at a position, with two significant digits. */
export function valueAt(position: number): number {
  return Number((LOWEST * 10 ** (position / STEPS_PER_DECADE)).toPrecision(2));
}

/** Returns a number as it is written in a field: at most four significant digits. */
export function fieldText(value: number): string {
  return String(Number(value.toPrecision(4)));
}
