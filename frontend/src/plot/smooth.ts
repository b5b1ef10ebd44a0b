/** A moving average that decays by steps, not by points, because older points are sparser. */

import type { Points } from "../session";

/** Maximum decay, as a fraction of the run's length. */
const MAX_DECAY_SHARE = 0.12;

/**
 * Returns the number of steps in which a weight falls to about a third, for a slider position from
 * 0 to 1. The length of the run is rounded coarsely, so that earlier averages do not change.
 */
export function decaySteps(strength: number, steps: Float64Array): number {
  const length = (steps.at(-1) ?? 0) - (steps[0] ?? 0);
  if (strength <= 0 || length <= 0) return 0;
  const stage = 2 ** (Math.ceil(2 * Math.log2(length)) / 2);
  return stage * MAX_DECAY_SHARE * strength ** 2;
}

/** Returns the average at every point; NaN at non-finite points. */
export function smooth({ steps, values }: Points, decay: number): Float32Array {
  if (decay <= 0) return values;
  const smoothed = new Float32Array(values.length);
  let [sum, weight, last] = [0, 0, steps[0] ?? 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!Number.isFinite(value)) {
      smoothed[index] = Number.NaN;
      continue;
    }
    const step = steps[index] as number;
    const kept = Math.exp((last - step) / decay);
    sum = sum * kept + value;
    weight = weight * kept + 1;
    last = step;
    smoothed[index] = sum / weight;
  }
  return smoothed;
}
