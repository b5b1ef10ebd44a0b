/** The minimum and the maximum of a line, updated with its new points only. */

import type { Points } from "../session";
import { firstAtLeast } from "./decimate";

/** A recorded value with its step. */
export interface Recorded {
  readonly value: number;
  readonly step: number;
}

export interface Extremes {
  readonly low: Recorded;
  readonly high: Recorded;
  /** Whether a higher value may have been recorded that is not among the points. */
  readonly isHighABound: boolean;
}

/**
 * Number of points below which none are those of merged steps. Merged steps with a value that is
 * not finite have no finite maximum.
 */
const MERGED_FROM = 2048;

/** The extremes of one line whose points are given again and again, each time with further ones. */
export class RunningExtremes {
  private low: Recorded | null = null;
  private high: Recorded | null = null;
  private isHighABound = false;
  /** The newest step that is included for good; the newest value may still be replaced. */
  private included = Number.NEGATIVE_INFINITY;

  /** Includes the points after those of the last call; returns null without a finite value. */
  update(points: Points): Extremes | null {
    const { steps, values } = points;
    const isFirst = this.included === Number.NEGATIVE_INFINITY;
    const start = isFirst ? 0 : firstAtLeast(steps, this.included + 1);
    for (let index = start; index < steps.length - 1; index++) {
      const value = values[index] as number;
      if (Number.isFinite(value)) this.add({ value, step: steps[index] as number });
      else if (isFirst && steps.length >= MERGED_FROM) this.isHighABound = true;
    }
    if (steps.length > 1) this.included = steps[steps.length - 2] as number;
    return this.with(steps.at(-1), values.at(-1));
  }

  private add(point: Recorded): void {
    if (this.low === null || point.value < this.low.value) this.low = point;
    if (this.high === null || point.value > this.high.value) this.high = point;
  }

  private with(step: number | undefined, value: number | undefined): Extremes | null {
    const { isHighABound } = this;
    let { low, high } = this;
    if (step !== undefined && value !== undefined && Number.isFinite(value)) {
      const newest = { value, step };
      if (low === null || value < low.value) low = newest;
      if (high === null || value > high.value) high = newest;
    }
    return low && high && { low, high, isHighABound };
  }
}

/** Returns the newest point up to a step; null if there is none. */
export function pointAt({ steps, values }: Points, step: number): Recorded | null {
  const index = firstAtLeast(steps, step + 1) - 1;
  const value = values[index];
  return value === undefined ? null : { value, step: steps[index] as number };
}
