/** The curves of the runs that are shown beside this one, which share its axes. */

import type { OtherLine } from "../../plot/extent-trace";
import { decaySteps } from "../../plot/smooth";
import { knownAxes, type StepAxis } from "../../plot/step-axis";
import type { RunSession } from "../../session";
import { quantitiesOf } from "./quantities";

export type OtherLines = ReadonlyMap<string, readonly OtherLine[]>;

/** Returns the lines of all runs beside a run by the keys of their quantities; none alone. */
export function linesBeside({ beside }: RunSession, axis: StepAxis): OtherLines {
  const lines = new Map<string, OtherLine[]>();
  for (const session of beside?.sessions ?? []) {
    const at = placesOn(session, axis);
    if (!at) continue;
    for (const quantity of quantitiesOf(session.tables)) {
      const own = quantity.lines.map(({ table, column }) => ({ points: table.points(column), at }));
      lines.set(quantity.key, [...(lines.get(quantity.key) ?? []), ...own]);
    }
  }
  return lines;
}

/** Returns the number of steps of the averages of all runs beside a run; null alone. */
export function decayBeside({ beside }: RunSession, smoothing: number): number | null {
  return beside && commonDecay(beside.sessions, smoothing);
}

/** Returns the number of steps of the averages of several runs, by the length of the longest. */
export function commonDecay(sessions: readonly RunSession[], smoothing: number): number {
  const longest = Math.max(0, ...sessions.map(({ state }) => state?.step ?? 0));
  return decaySteps(smoothing, Float64Array.of(0, longest));
}

/** Returns where the steps of a run are on an axis of the same kind; null if that is unknown. */
function placesOn({ progress, state }: RunSession, axis: StepAxis): OtherLine["at"] | null {
  const own = knownAxes(progress, state?.epoch_start ?? null);
  const same = own.find(({ kind }) => kind === axis.kind);
  if (!same) return null;
  return (step) => (same.at(step) * same.secondsPerUnit) / axis.secondsPerUnit;
}
