/** Ticks at round numbers. */

const TINY = 1e-9;

/** Returns about `about` whole numbers, for an axis of steps. */
export function ticksFor(from: number, to: number, about: number): number[] {
  const rough = Math.max(1, (to - from) / Math.max(1, about));
  const power = 10 ** Math.floor(Math.log10(rough));
  const distance = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / distance) * distance;
  const count = Math.floor((to - first) / distance) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * distance);
}

/** Returns about `about` multiples of 1, 2 or 5 times a power of ten within the range. */
export function roundTicks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [1, 2, 5, 10].map((factor) => factor * power);
  const step = steps.reduce((best, each) =>
    Math.abs(Math.log(each / rough)) < Math.abs(Math.log(best / rough)) ? each : best,
  );
  const first = Math.ceil(low / step - TINY);
  const count = Math.floor(high / step + TINY) - first + 1;
  return Array.from({ length: count }, (_, place) => (first + place) * step);
}

/** Returns powers of ten within the range, at most `most` and the next. */
export function decades(low: number, high: number, most: number): number[] {
  const first = Math.ceil(Math.log10(low) - TINY);
  const last = Math.floor(Math.log10(high) + TINY);
  const every = Math.max(1, Math.ceil((last - first) / most));
  const count = Math.floor((last - first) / every) + 1;
  return Array.from({ length: count }, (_, place) => 10 ** (first + place * every));
}
