/** Which sample is picked: by the pointer, or by the arrow keys. */

import type { Moment, Samples } from "./moment";
import { HEIGHT, placeOf, WIDTH } from "./painting";

const REACH = 16;

/** Returns the sample next to a place given as fractions of the plane; null if none is near. */
export function nearestSample(samples: Samples, across: number, down: number): number | null {
  let nearest: number | null = null;
  let least = REACH;
  for (let sample = 0; sample < samples.count; sample += 1) {
    const [x, y] = placeOf(samples, sample);
    const distance = Math.hypot(x - across * WIDTH, y - down * HEIGHT);
    if (distance < least) [nearest, least] = [sample, distance];
  }
  return nearest;
}

/**
 * Returns the sample that an arrow key leads to: left and right go by the position, up and down
 * by the strength of the pull. Null for other keys.
 */
export function sampleByKey(
  key: string,
  picked: number | null,
  samples: Samples,
  moment: Moment,
): number | null {
  const direction = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[key];
  if (direction === undefined) return null;
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const rank = (sample: number) =>
    sideways ? (samples.across[sample] ?? 0) : Math.abs(moment.pulls[sample] ?? 0);
  const order = Array.from({ length: samples.count }, (_, sample) => sample).sort(
    (one, other) => rank(one) - rank(other) || one - other,
  );
  if (picked === null) return order[sideways && direction > 0 ? 0 : order.length - 1] ?? null;
  const place = order.indexOf(picked) + direction;
  return order[Math.min(Math.max(place, 0), order.length - 1)] ?? null;
}
