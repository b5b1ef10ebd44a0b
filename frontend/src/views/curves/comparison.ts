/** The second cursor of the curves, and what lies between the two. */

import { formatCount, formatValue } from "../../parts/format";
import type { StepAxis } from "../../plot/step-axis";

export type Ends = readonly [from: number, to: number];

/** Returns both steps of a comparison, the earlier first; null without a second cursor. */
export function endsOf(cursor: number | null, second: number | null, newest: number): Ends | null {
  if (second === null) return null;
  const first = cursor ?? newest;
  return first <= second ? [first, second] : [second, first];
}

/** "step 120 → 460: 340 steps, 0.85 epochs, 12.3 s". */
export function distanceText([from, to]: Ends, axes: readonly StepAxis[]): string {
  const distances = axes.map(({ kind, unit, at }) => {
    if (kind === "step") return `${formatCount(to - from)} ${to - from === 1 ? "step" : "steps"}`;
    return `${formatValue(at(to) - at(from))} ${unit}`;
  });
  return `step ${formatCount(from)} → ${formatCount(to)}: ${distances.join(", ")}`;
}
