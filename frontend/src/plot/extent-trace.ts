/** Extends the axes of a panel to the points of other runs, which are not drawn in it. */

import type { Points } from "../session";
import type { Trace } from "./plotly";

/** The points of a line of another run, and where its steps are on the horizontal axis. */
export interface OtherLine {
  readonly points: Points;
  readonly at: (step: number) => number;
}

/** Returns a trace to which the axes extend, and that is not seen; none without a finite value. */
export function extentTrace(lines: readonly OtherLine[], yaxis: string): Trace[] {
  let [end, low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -Infinity];
  for (const { points, at } of lines) {
    for (const value of points.values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const last = points.steps.at(-1);
    if (last !== undefined) end = Math.max(end, at(last));
  }
  if (low > high) return [];
  // Two points with a gap between them: no line is drawn.
  const ends = { x: [end, null, end], y: [low, null, high] };
  const hidden = { mode: "lines", showlegend: false, hoverinfo: "skip" };
  return [{ type: "scatter", uid: `extent-${yaxis}`, ...hidden, ...ends, yaxis }];
}
