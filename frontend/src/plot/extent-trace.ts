/** Extends the axes of a panel to the points of other runs, which are not drawn in it. */

import type { Points } from "../session";
import type { Trace } from "./plotly";

/** Size of the largest markers of lines, in px. */
const MARKER_SIZE = 5;

/** The points of a line of another run, and where its steps are on the horizontal axis. */
export interface OtherLine {
  readonly points: Points;
  readonly at: (step: number) => number;
}

/**
 * Returns a trace to which the axes extend, and that is not seen; none without a finite value.
 * `range` is that of the vertical axis if it is less than that of all values.
 */
export function extentTrace(
  lines: readonly OtherLine[],
  yaxis: string,
  range: readonly [number, number] | null = null,
): Trace[] {
  let [begin, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [low, high] = [begin, end];
  for (const { points, at } of lines) {
    for (const value of points.values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const [first, last] = [points.steps[0], points.steps.at(-1)];
    if (first === undefined || last === undefined) continue;
    begin = Math.min(begin, at(first));
    end = Math.max(end, at(last));
  }
  if (low > high) return [];
  const ends = { x: [begin, end], y: range ?? [low, high] };
  // Plotly adds room for the size of markers: it is the same in each run, whether it has some or not.
  const marker = { size: MARKER_SIZE, opacity: 0 };
  const hidden = { mode: "markers", marker, showlegend: false, hoverinfo: "skip" };
  return [{ type: "scatter", uid: `extent-${yaxis}`, ...hidden, ...ends, yaxis }];
}
