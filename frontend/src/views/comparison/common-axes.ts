/** The horizontal axes that several runs have in common. */

import { BY_STEP, knownAxes, type StepAxis } from "../../plot/step-axis";
import type { LinkedRun } from "./linked-runs";

export interface CommonAxis {
  /** The axis with the common unit. */
  readonly axis: StepAxis;
  /** Returns the places of a run's own steps on it. */
  readonly of: (run: LinkedRun) => StepAxis;
}

/** Returns the axes that are known for all of the runs, the steps first. */
export function commonAxes(runs: readonly LinkedRun[]): CommonAxis[] {
  const known = new Map(
    runs.map((run) => {
      const { progress, state } = run.session;
      return [run, knownAxes(progress, state?.epoch_start ?? null)] as const;
    }),
  );
  return (["step", "epoch", "time"] as const).flatMap((kind) => {
    const own = new Map<LinkedRun, StepAxis>();
    for (const [run, axes] of known) {
      const found = axes.find((each) => each.kind === kind);
      if (found) own.set(run, found);
    }
    const [first, ...others] = own.values();
    if (!first || own.size < runs.length) return [];
    // The longest run has the largest unit of time.
    const axis = others.reduce(
      (best, each) => (each.secondsPerUnit > best.secondsPerUnit ? each : best),
      first,
    );
    return [{ axis, of: (run: LinkedRun) => inUnitOf(own.get(run) ?? BY_STEP, axis) }];
  });
}

/** Returns an axis in the unit of another one of the same kind. */
function inUnitOf(axis: StepAxis, reference: StepAxis): StepAxis {
  const factor = axis.secondsPerUnit / reference.secondsPerUnit;
  return {
    ...reference,
    at: (step) => axis.at(step) * factor,
    stepAt: (place) => axis.stepAt(place / factor),
  };
}
