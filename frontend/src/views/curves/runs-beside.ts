/** The curves of the runs that are shown beside this one, which share its axes. */

import type { OtherLine } from "../../plot/extent-trace";
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

/** Returns where the steps of a run are on an axis of the same kind; null if that is unknown. */
function placesOn({ progress, state }: RunSession, axis: StepAxis): OtherLine["at"] | null {
  const own = knownAxes(progress, state?.epoch_start ?? null);
  const same = own.find(({ kind }) => kind === axis.kind);
  if (!same) return null;
  return (step) => (same.at(step) * same.secondsPerUnit) / axis.secondsPerUnit;
}
