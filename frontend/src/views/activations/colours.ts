/** The colour scale of a picture, common to all its panels. */

import { colourAt, SignedScale } from "../../heat-map/scale";
import { PALETTE } from "../../parts/palette";
import type { Picture } from "../../session";

export interface PictureColours {
  readonly low: number;
  readonly high: number;
  readonly palette: readonly string[];
}

/**
 * Returns a range from zero if no value is negative, and a range symmetric around zero otherwise.
 */
export function coloursOf(
  { values }: Pick<Picture, "values">,
  range: readonly [number, number] | null,
  dark: boolean,
): PictureColours {
  let [low, high] = range ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (!range) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!(low <= high)) [low, high] = [0, 1];
  if (low < 0) {
    const end = Math.max(-low, high) || 1;
    return { low: -end, high: end, palette: new SignedScale().palette(dark) };
  }
  return { low: 0, high: high || 1, palette: PALETTE };
}

/** Returns the colours from low to high, as a CSS gradient. */
export function gradientOf({ palette }: PictureColours): string {
  const stops = Array.from({ length: 11 }, (_, index) => colourAt(index / 10, palette));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
