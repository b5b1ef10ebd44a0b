/** Colours of the heat map: viridis over powers of ten, with own colours for zero and NaN. */

import { PALETTE } from "../../graph/tint/heat";

const SHADES = 256;
/** Most powers of ten that the scale spans; what is smaller gets the lowest colour. */
const MOST_DECADES = 12;

export const BROKEN_COLOUR = "#ff2d78";

export function zeroColour(dark: boolean): string {
  return dark ? "#5c5c5c" : "#c4c4c4";
}

/** Widens when a value lies outside and never narrows, so that colours keep their meaning. */
export class Decades {
  low = Number.NaN;
  high = Number.NaN;

  /** Takes in a row of cells; those that are not finite are passed over. */
  take(cells: Float32Array): void {
    for (const cell of cells) {
      if (!Number.isFinite(cell)) continue;
      if (!(cell >= this.low)) this.low = Math.floor(cell);
      if (!(cell <= this.high)) this.high = Math.floor(cell) + 1;
    }
    this.low = Math.max(this.low, this.high - MOST_DECADES);
  }

  get known(): boolean {
    return !Number.isNaN(this.low);
  }
}

/** Pixels of the palette from low to high, as the canvas stores them. */
export const SHADE_PIXELS = Uint32Array.from({ length: SHADES }, (_, index) =>
  pixelOf(shadeAt(index / (SHADES - 1))),
);

/** The palette's colour at a place from 0 to 1. */
export function shadeAt(part: number): string {
  const place = Math.min(1, Math.max(0, part)) * (PALETTE.length - 1);
  const index = Math.min(Math.floor(place), PALETTE.length - 2);
  const [from, to] = [channels(PALETTE[index] as string), channels(PALETTE[index + 1] as string)];
  const mixed = from.map((value, i) => value + ((to[i] as number) - value) * (place - index));
  return `#${mixed.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

export function pixelOf(colour: string): number {
  const [red, green, blue] = channels(colour) as [number, number, number];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
