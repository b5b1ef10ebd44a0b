/** The colour scales of heat maps: logarithmic, fractions, or signed values. */

import { PALETTE } from "../parts/palette";

const PALETTE_SIZE = 256;
/** Maximum range in powers of ten; smaller values have the lowest colour. */
const MAX_DECADES = 12;
/** Power of ten from which values are those of a run that explodes. */
const EXPLODED = 6;
/** Number of decades above the values of the other runs at which the scale then ends. */
const ABOVE_OTHERS = 1;
/** From negative to positive values, for colour-blind people as well (after ColorBrewer). */
const SIGNED_LIGHT = ["#2166ac", "#67a9cf", "#f3f3f3", "#f0a05a", "#b24605"];
const SIGNED_DARK = ["#74b9f2", "#2f6da8", "#262626", "#b0542f", "#ff9a6b"];

export const NOT_FINITE_COLOUR = "#ff2d78";

/** The cell of a value of exactly zero on scales with a separate colour for zero. */
export const ZERO = Number.NEGATIVE_INFINITY;

export function zeroColour(dark: boolean): string {
  return dark ? "#5c5c5c" : "#c4c4c4";
}

export interface ColourScale {
  /** The ends of the scale, as positions. */
  readonly low: number;
  readonly high: number;
  readonly hasRange: boolean;
  /** Returns the position of a finite value. */
  position(value: number): number;
  /** Extends the scale to the finite cells of a row. */
  extend(cells: Float32Array): void;
  /** Takes the range that is common to some scales of this kind, one of each run. */
  join(parts: readonly ColourScale[]): void;
  /** Returns the text of an end. */
  label(end: number): string;
  /** Returns the colours from low to high. */
  palette(dark: boolean): readonly string[];
}

/** A logarithmic scale whose range never narrows, so that colours remain comparable. */
export class DecadeScale implements ColourScale {
  low = Number.NaN;
  high = Number.NaN;
  /** Whether there are values above the scale, which have the highest colour. */
  private isCut = false;

  position(value: number): number {
    return value > 0 ? Math.log10(value) : ZERO;
  }

  extend(cells: Float32Array): void {
    for (const cell of cells) {
      if (!Number.isFinite(cell)) continue;
      if (!(cell >= this.low)) this.low = Math.floor(cell);
      if (!(cell <= this.high)) this.high = Math.floor(cell) + 1;
    }
    this.low = Math.max(this.low, this.high - MAX_DECADES);
  }

  /** With all values of a run that explodes, those of the others would have one colour. */
  join(parts: readonly ColourScale[]): void {
    const known = parts.filter(({ hasRange }) => hasRange);
    if (known.length === 0) return;
    const highs = known.map(({ high }) => high);
    const others = highs.filter((high) => high < EXPLODED);
    const most = Math.max(...highs);
    this.high = others.length > 0 ? Math.min(most, Math.max(...others) + ABOVE_OTHERS) : most;
    this.isCut = this.high < most;
    const low = Math.min(...known.map((part) => part.low));
    this.low = Math.max(low, this.high - MAX_DECADES);
  }

  get hasRange(): boolean {
    return !Number.isNaN(this.low);
  }

  label(end: number): string {
    return this.isCut && end === this.high ? `≥ ${this.power(end)}` : this.power(end);
  }

  private power(end: number): string {
    const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    const text = [...String(Math.abs(end))].map((digit) => digits[Number(digit)]).join("");
    return end === 0 ? "1" : `10${end < 0 ? "⁻" : ""}${text}`;
  }

  palette(): readonly string[] {
    return PALETTE;
  }
}

/** A linear scale from 0 to 1. */
export class ShareScale implements ColourScale {
  readonly low = 0;
  readonly high = 1;
  readonly hasRange = true;

  position(value: number): number {
    return value;
  }

  extend(): void {}

  join(): void {}

  label(end: number): string {
    return `${Math.round(100 * end)} %`;
  }

  palette(): readonly string[] {
    return PALETTE;
  }
}

/** A scale that is symmetric around zero, and whose range never narrows. */
export class SignedScale implements ColourScale {
  high = 0;

  get low(): number {
    return -this.high;
  }

  get hasRange(): boolean {
    return this.high > 0;
  }

  position(value: number): number {
    return value;
  }

  extend(cells: Float32Array): void {
    for (const cell of cells) {
      if (Number.isFinite(cell) && Math.abs(cell) > this.high) this.high = roundUp(Math.abs(cell));
    }
  }

  join(parts: readonly ColourScale[]): void {
    this.high = Math.max(0, ...parts.map(({ high }) => high));
  }

  label(end: number): string {
    return String(Number(end.toPrecision(2))).replace("-", "−");
  }

  palette(dark: boolean): readonly string[] {
    return dark ? SIGNED_DARK : SIGNED_LIGHT;
  }
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

const known = new Map<readonly string[], Uint32Array>();

/** Returns the colours of a palette from low to high, in the pixel format of a canvas. */
export function pixelsOf(palette: readonly string[]): Uint32Array {
  const made =
    known.get(palette) ??
    Uint32Array.from({ length: PALETTE_SIZE }, (_, index) =>
      pixelOf(colourAt(index / (PALETTE_SIZE - 1), palette)),
    );
  known.set(palette, made);
  return made;
}

/** Returns the interpolated colour of a palette at a position from 0 to 1. */
export function colourAt(part: number, palette: readonly string[] = PALETTE): string {
  const place = Math.min(1, Math.max(0, part)) * (palette.length - 1);
  const index = Math.min(Math.floor(place), palette.length - 2);
  const [from, to] = [channels(palette[index] as string), channels(palette[index + 1] as string)];
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
