/** Which points are misclassified, from the bits that the kernel sends. */

import type { Frame, Setup } from "./state";

export function isMisclassified(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** Returns how many points are misclassified, of those for training and of the others. */
export function countMisclassified({ misclassified }: Frame, setup: Setup): [number, number] {
  const count = setup.points.length / 3;
  const found: [number, number] = [0, 0];
  for (let index = 0; index < count; index++) {
    if (isMisclassified(misclassified, index)) {
      found[index < setup.message.train_points ? 0 : 1] += 1;
    }
  }
  return found;
}
