/** The plot area of a sketch, as in `labkit/learn/predictions/axes`: positions and ticks. */

import type { CurveForm } from "../../messages/prediction";
import { decades, roundTicks } from "../../parts/ticks";

export const WIDTH = 440;
export const HEIGHT = 230;
export const PLOT = { left: 58, top: 30, right: WIDTH - 14, bottom: HEIGHT - 40 };

const TICKS_ACROSS = 5;
const TICKS_UP = 4;
const MOST_DECADES = 6;
/** Axes that begin here or higher have their powers of ten written with zeros. */
const PLAIN = 1e-3;
const TENTH = 0.5;
const MANY = 1e4;

export interface Tick {
  /** As a fraction of the axis. */
  readonly at: number;
  readonly text: string;
}

/** A vertical axis; heights are fractions of it inside the sketch. */
export class VerticalAxis {
  readonly #low: number;
  readonly #high: number;

  constructor(private readonly form: CurveForm) {
    const [low = 0, high = 1] = form.y;
    this.#low = this.#scaled(low);
    this.#high = this.#scaled(high);
  }

  valueAt(fraction: number): number {
    const value = this.#low + fraction * (this.#high - this.#low);
    return this.form.log ? 10 ** value : value;
  }

  fractionOf(value: number): number {
    return (this.#scaled(value) - this.#low) / (this.#high - this.#low);
  }

  ticks(): Tick[] {
    const [low = 0, high = 1] = this.form.y;
    const values = this.form.log
      ? decades(low, high, MOST_DECADES)
      : roundTicks(low, high, TICKS_UP);
    const text = this.form.log && low < PLAIN ? power : shortNumber;
    return values.map((value) => ({ at: this.fractionOf(value), text: text(value) }));
  }

  #scaled(value: number): number {
    return this.form.log ? Math.log10(value) : value;
  }
}

export function horizontalTicks(form: CurveForm): Tick[] {
  const [from = 0, to = 1] = form.x;
  return roundTicks(from, to, TICKS_ACROSS).map((value) => ({
    at: (value - from) / (to - from),
    text: shortNumber(value),
  }));
}

/** Returns a power of ten as 1e-5, or as 100 if it is not small. */
function power(value: number): string {
  if (value > TENTH && value < MANY) return String(Math.round(value));
  return value.toExponential(0).replace("e+", "e");
}

/** Returns a number in three digits. */
export function shortNumber(value: number): string {
  const text = String(Number(value.toPrecision(3)));
  return text.replace("e+", "e");
}
