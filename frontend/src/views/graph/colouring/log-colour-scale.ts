/** The colour scale of norms: viridis on a logarithmic scale that rarely changes. */

import { PALETTE } from "../../../parts/palette";

/** Number of colours; small, so that small changes of a norm do not change the colour. */
const SHADES = 40;
/** Number of consecutive readings with a smaller range after which the scale narrows. */
const READINGS_BEFORE_NARROWING = 30;

/** The powers of ten at the ends of the scale. */
export interface DecadeRange {
  readonly low: number;
  readonly high: number;
}

/** A logarithmic scale that widens at once and narrows slowly, so that colours are comparable. */
export class LogColourScale {
  decades: DecadeRange | null = null;
  private narrowerReadings = 0;

  /** Adapts the range to the norms of a reading; returns whether it changed. */
  fit(norms: Iterable<number>): boolean {
    const wanted = decadesOf(norms);
    if (!wanted) return false;
    const { decades } = this;
    if (!decades) return this.setRange(wanted);
    if (wanted.low < decades.low || wanted.high > decades.high) {
      const low = Math.min(wanted.low, decades.low);
      return this.setRange({ low, high: Math.max(wanted.high, decades.high) });
    }
    this.narrowerReadings =
      wanted.low > decades.low || wanted.high < decades.high ? this.narrowerReadings + 1 : 0;
    return this.narrowerReadings > READINGS_BEFORE_NARROWING ? this.setRange(wanted) : false;
  }

  /** Returns the colour of a norm; null for a non-finite norm, or before the first `fit`. */
  colour(norm: number): string | null {
    if (!this.decades || !Number.isFinite(norm)) return null;
    if (norm <= 0) return PALETTE[0];
    const { low, high } = this.decades;
    const part = (Math.log10(norm) - low) / (high - low);
    return shade(Math.min(1, Math.max(0, part)));
  }

  private setRange(decades: DecadeRange): boolean {
    this.decades = decades;
    this.narrowerReadings = 0;
    return true;
  }
}

function decadesOf(norms: Iterable<number>): DecadeRange | null {
  let [least, max] = [Number.POSITIVE_INFINITY, 0];
  for (const norm of norms) {
    if (!Number.isFinite(norm) || norm <= 0) continue;
    least = Math.min(least, norm);
    max = Math.max(max, norm);
  }
  if (max === 0) return null;
  const high = Math.ceil(Math.log10(max)) + 0; // Avoids negative zero.
  return { low: Math.min(Math.floor(Math.log10(least)), high - 1), high };
}

function shade(part: number): string {
  const place = (Math.round(part * SHADES) / SHADES) * (PALETTE.length - 1);
  const index = Math.min(Math.floor(place), PALETTE.length - 2);
  const [from, to] = [channels(index), channels(index + 1)];
  const mixed = from.map((value, i) =>
    Math.round(value + ((to[i] ?? value) - value) * (place - index)),
  );
  return `rgb(${mixed.join(", ")})`;
}

function channels(index: number): number[] {
  const hex = PALETTE[index] ?? PALETTE[0];
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}
