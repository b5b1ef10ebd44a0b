/**
 * A line of knots at evenly spaced places. Between the knots that were set it is straight; before
 * the first and after the last it is level. Heights are fractions of the axis.
 */

export const KNOTS = 49;
export const FEWEST_SET = 2;

export class SketchLine {
  #set = new Map<number, number>();

  get isEmpty(): boolean {
    return this.#set.size === 0;
  }

  get isComplete(): boolean {
    return this.#set.size >= FEWEST_SET;
  }

  /** The first and the last knot that was set. */
  get extent(): readonly [number, number] {
    const places = [...this.#set.keys()];
    return [Math.min(...places), Math.max(...places)];
  }

  clear(): void {
    this.#set.clear();
  }

  remove(knot: number): void {
    this.#set.delete(knot);
  }

  set(knot: number, height: number): void {
    this.#set.set(clamp(Math.round(knot), 0, KNOTS - 1), clamp(height, 0, 1));
  }

  /** Sets all knots of a stroke from one place to another; places are between knots, too. */
  stroke(from: readonly [number, number], to: readonly [number, number]): void {
    const [start, end] = from[0] <= to[0] ? [from, to] : [to, from];
    const width = end[0] - start[0];
    for (let knot = Math.ceil(start[0]); knot <= end[0]; knot += 1) {
      const part = width ? (knot - start[0]) / width : 1;
      this.set(knot, start[1] + part * (end[1] - start[1]));
    }
    this.set(to[0], to[1]);
  }

  /** Sets knots from heights that are evenly spaced. */
  setAll(heights: readonly number[]): void {
    this.clear();
    heights.forEach((height, place) => {
      this.set((place * (KNOTS - 1)) / (heights.length - 1), height);
    });
  }

  /** The height at a knot; null if none was set. */
  at(knot: number): number | null {
    let before: [number, number] | null = null;
    let after: [number, number] | null = null;
    for (const entry of this.#set) {
      if (entry[0] <= knot && (before === null || entry[0] > before[0])) before = entry;
      if (entry[0] >= knot && (after === null || entry[0] < after[0])) after = entry;
    }
    if (before === null || after === null) return (before ?? after)?.[1] ?? null;
    const width = after[0] - before[0];
    const part = width ? (knot - before[0]) / width : 0;
    return before[1] + part * (after[1] - before[1]);
  }

  heights(): number[] {
    return Array.from({ length: KNOTS }, (_, knot) => this.at(knot) ?? 0);
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
