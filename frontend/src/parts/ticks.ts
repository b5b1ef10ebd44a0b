/** Ticks at round numbers on an axis of steps. */

/** Returns about `about` multiples of 1, 2 or 5 times a power of ten within the range. */
export function ticksFor(from: number, to: number, about: number): number[] {
  const rough = Math.max(1, (to - from) / Math.max(1, about));
  const power = 10 ** Math.floor(Math.log10(rough));
  const distance = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / distance) * distance;
  const count = Math.floor((to - first) / distance) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * distance);
}
