/** The horizontal axis of a figure over the steps: by step, by epoch, or by time. */

export const AXIS_KINDS = ["step", "epoch", "time"] as const;

export type AxisKind = (typeof AXIS_KINDS)[number];

export interface StepAxis {
  readonly kind: AxisKind;
  /** Differs if a place means another step, so that a zoom does not apply. */
  readonly key: string;
  /** The text at the axis. */
  readonly title: string;
  /** The title of the tooltip, with "%{x}" for the place. */
  readonly hoverTitle: string;
  /** Format of a place, as of d3. */
  readonly hoverFormat: string;
  /** Returns the place of a step. */
  at(step: number): number;
  /** Returns the step at a place, not rounded. */
  stepAt(place: number): number;
}

/** Values that rise with the steps, known at some of them; the steps do not fall. */
export interface Knots {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** The newest epoch. */
export interface Epoch {
  /** Counted from 1. */
  readonly number: number;
  /** Number of steps completed before it. */
  readonly began: number;
  /** Number of its steps; null if unknown. */
  readonly steps: number | null;
}

export const BY_STEP: StepAxis = {
  kind: "step",
  key: "step",
  title: "step",
  hoverTitle: "step %{x:,d}",
  hoverFormat: ",d",
  at: (step) => step,
  stepAt: (place) => place,
};

/** Returns the axis of completed epochs; null if the length of an epoch is unknown. */
export function epochAxis(starts: Knots, newest: Epoch | null): StepAxis | null {
  if (newest === null) return null;
  const length = newest.steps ?? lengthBefore(starts);
  if (length === null || length <= 0) return null;
  const map = risingMap(starts, 1 / length);
  return {
    ...map,
    kind: "epoch",
    key: "epoch",
    title: "epoch",
    hoverTitle: "epoch %{x:.2f}",
    hoverFormat: ".2f",
  };
}

/** Returns the number of steps of the last epoch that has ended. */
function lengthBefore({ steps, values }: Knots): number | null {
  const last = steps.length - 1;
  if (last < 1) return null;
  const epochs = (values[last] as number) - (values[last - 1] as number);
  return epochs > 0 ? ((steps[last] as number) - (steps[last - 1] as number)) / epochs : null;
}

const UNITS = [
  { seconds: 3600, name: "h", from: 7200, format: ".3~f" },
  { seconds: 60, name: "min", from: 120, format: ".2~f" },
  { seconds: 1, name: "s", from: 0, format: ".1~f" },
] as const;

/** Returns the axis of the time since the start of the run; null if it is unknown. */
export function timeAxis(times: Knots, stepsPerSecond: number | null): StepAxis | null {
  if (times.steps.length < 2) return null;
  const length = times.values.at(-1) as number;
  const unit = UNITS.find(({ from }) => length >= from) ?? UNITS[2];
  const rise = stepsPerSecond && stepsPerSecond > 0 ? 1 / stepsPerSecond : length / lastOf(times);
  const map = risingMap(times, rise);
  return {
    kind: "time",
    key: `time in ${unit.name}`,
    title: `time (${unit.name})`,
    hoverTitle: `%{x:${unit.format}} ${unit.name}`,
    hoverFormat: unit.format,
    at: (step) => map.at(step) / unit.seconds,
    stepAt: (place) => map.stepAt(place * unit.seconds),
  };
}

function lastOf({ steps }: Knots): number {
  return Math.max(1, steps.at(-1) ?? 1);
}

/** Returns the line through the knots, which rises by `rise` per step after the last one. */
function risingMap({ steps, values }: Knots, rise: number): Pick<StepAxis, "at" | "stepAt"> {
  return {
    at: (step) => interpolated(steps, values, step, rise),
    stepAt: (place) => interpolated(values, steps, place, 1 / rise),
  };
}

function interpolated(
  from: readonly number[],
  to: readonly number[],
  at: number,
  rise: number,
): number {
  const last = from.length - 1;
  if (at > (from[last] as number))
    return (to[last] as number) + (at - (from[last] as number)) * rise;
  const next = firstNotBelow(from, at);
  const [above, value] = [from[next] as number, to[next] as number];
  if (next === 0 || above === at) return value;
  const [below, before] = [from[next - 1] as number, to[next - 1] as number];
  return before + ((at - below) / (above - below)) * (value - before);
}

function firstNotBelow(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
