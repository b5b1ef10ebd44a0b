/** The horizontal axis of a figure over the steps: by step, by epoch, or by time. */

import type { EpochStart, Knots, Progress } from "../messages/run";

export interface StepAxis {
  readonly kind: "step" | "epoch" | "time";
  /** Differs if a place means another step, so that a zoom does not apply. */
  readonly key: string;
  /** The text at the axis. */
  readonly title: string;
  /** The unit of a distance on it. */
  readonly unit: string;
  /** Seconds per unit of an axis of time; 1 for the others. */
  readonly secondsPerUnit: number;
  /** The title of the tooltip, with "%{x}" for the place. */
  readonly hoverTitle: string;
  /** Format of a place, as of d3. */
  readonly hoverFormat: string;
  /** Returns the place of a step. */
  at(step: number): number;
  /** Returns the step at a place, not rounded. */
  stepAt(place: number): number;
}

export const BY_STEP: StepAxis = {
  kind: "step",
  key: "step",
  title: "step",
  unit: "steps",
  secondsPerUnit: 1,
  hoverTitle: "step %{x:,d}",
  hoverFormat: ",d",
  at: (step) => step,
  stepAt: (place) => place,
};

/** Returns the axes of which enough is known, the steps first. */
export function knownAxes({ epochs, seconds }: Progress, newest: EpochStart | null): StepAxis[] {
  const axes = [BY_STEP, epochAxis(epochs, newest), timeAxis(seconds)];
  return axes.filter((axis) => axis !== null);
}

/** Returns the axis of completed epochs; null if the length of an epoch is unknown. */
export function epochAxis(starts: Knots, newest: EpochStart | null): StepAxis | null {
  const length = stepsPerUnit(starts) ?? newest?.steps ?? null;
  if (length === null || starts.steps.length === 0) return null;
  return {
    ...risingMap(starts, 1 / length),
    kind: "epoch",
    key: "epoch",
    title: "epoch",
    unit: "epochs",
    secondsPerUnit: 1,
    hoverTitle: "epoch %{x:.2f}",
    hoverFormat: ".2f",
  };
}

const UNITS = [
  { name: "h", seconds: 3600, from: 7200, format: ".3~f" },
  { name: "min", seconds: 60, from: 120, format: ".2~f" },
  { name: "s", seconds: 1, from: 0, format: ".1~f" },
] as const;

/** Returns the axis of the time since the start of the run; null if it is unknown. */
export function timeAxis(times: Knots): StepAxis | null {
  const stepsPerSecond = stepsPerUnit(times);
  if (stepsPerSecond === null) return null;
  const length = times.values.at(-1) as number;
  const unit = UNITS.find(({ from }) => length >= from) ?? UNITS[2];
  const map = risingMap(times, 1 / stepsPerSecond);
  return {
    kind: "time",
    key: `time in ${unit.name}`,
    title: `time (${unit.name})`,
    unit: unit.name,
    secondsPerUnit: unit.seconds,
    hoverTitle: `%{x:${unit.format}} ${unit.name}`,
    hoverFormat: unit.format,
    at: (step) => map.at(step) / unit.seconds,
    stepAt: (place) => map.stepAt(place * unit.seconds),
  };
}

/** Returns the steps per unit of the value between the newest knots; null if unknown. */
function stepsPerUnit({ steps, values }: Knots): number | null {
  const last = steps.length - 1;
  for (let index = last - 1; index >= 0; index--) {
    const rise = (values[last] as number) - (values[index] as number);
    const made = (steps[last] as number) - (steps[index] as number);
    if (made > 0 && rise > 0) return made / rise;
  }
  return null;
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
