/** The colour scales of a picture: one for all its panels, or one for each where they differ in kind. */

import { colourAt, SignedScale } from "../../heat-map/scale";
import { PALETTE } from "../../parts/palette";
import type { Picture } from "../../session";

export interface PictureColours {
  readonly low: number;
  readonly high: number;
  readonly palette: readonly string[];
}

/** The values that panels of a recurrent layer can have, by the end of their names. */
const POSSIBLE: readonly (readonly [end: string, range: readonly [number, number]])[] = [
  ["gate", [0, 1]],
  ["candidate", [-1, 1]],
];

/** Returns the name of a panel without its layer, as in "layer 0: cell state". */
export function quantityOf(panel: string): string {
  return panel.slice(panel.indexOf(": ") + 1).trim();
}

/**
 * Returns the colours of each panel. Gates and candidates have the range of what they can be; cell
 * states, which can be anything, have one of their own, which all layers share. In other pictures all
 * panels share one.
 */
export function panelColoursOf(
  picture: Pick<Picture, "kind" | "panels" | "shape" | "values">,
  range: readonly [number, number] | null,
  dark: boolean,
): PictureColours[] {
  const { kind, panels, shape, values } = picture;
  const [count, rows, columns] = shape;
  if (kind !== "gates") return Array(count).fill(coloursOf(picture, range, dark));
  const size = rows * columns;
  const quantities = Array.from({ length: count }, (_, place) => quantityOf(panels[place] ?? ""));
  const colours = new Map<string, PictureColours>();
  for (const quantity of new Set(quantities)) {
    const possible = POSSIBLE.find(([end]) => quantity.endsWith(end))?.[1] ?? null;
    const own = values.filter((_, index) => quantities[Math.floor(index / size)] === quantity);
    colours.set(quantity, coloursOf({ values: own }, possible ?? range, dark));
  }
  return quantities.map((quantity) => colours.get(quantity) as PictureColours);
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
