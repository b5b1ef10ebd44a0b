/**
 * The vertical axis of a panel for several runs. If one of them explodes, the axis is that of the
 * others, as with all values their lines could not be told from zero.
 */

import type { StepRange } from "../../plot/plotly-figure";
import type { Points } from "../../session";

export interface CommonScale {
  readonly range: StepRange;
  /** Returns the value furthest from zero of a line that leaves the axis; null if it does not. */
  beyond(points: Points): number | null;
}

interface Extent {
  readonly first: number;
  readonly low: number;
  readonly high: number;
  /** The value that is furthest from zero. */
  readonly furthest: number;
}

/**
 * How many times as large as its first value, and as all values of the others, a line must become.
 * A loss does not rise so far unless it explodes; a metric, such as an accuracy, may.
 */
const LOSS_FACTOR = 20;
const FACTOR = 1000;
const LOSS = "loss";
/** Empty part of the axis above and below the lines. */
const PADDING = 0.06;

/** Returns the axis of the lines of a quantity; null if it is that of all their values. */
export function commonScale(key: string, lines: readonly Points[]): CommonScale | null {
  const factor = key.includes(LOSS) ? LOSS_FACTOR : FACTOR;
  const size = ({ furthest }: Extent) => Math.abs(furthest);
  const known = lines.flatMap((points) => extentOf(points) ?? []);
  known.sort((one, other) => size(one) - size(other));
  const kept: Extent[] = [];
  let reach = 0;
  for (const extent of known) {
    const most = factor * Math.max(reach, Math.abs(extent.first));
    if (reach > 0 && size(extent) > most) continue;
    kept.push(extent);
    reach = Math.max(reach, size(extent));
  }
  if (kept.length === known.length) return null;
  const low = Math.min(...kept.map((extent) => extent.low));
  const high = Math.max(...kept.map((extent) => extent.high));
  const room = PADDING * (high - low || reach);
  return {
    range: [low - room, high + room],
    beyond: (points) => {
      const extent = extentOf(points);
      return extent && size(extent) > reach ? extent.furthest : null;
    },
  };
}

/** Returns the extent of the finite values of a line; null without any. */
function extentOf({ values }: Points): Extent | null {
  let extent: { first: number; low: number; high: number } | null = null;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    extent ??= { first: value, low: value, high: value };
    if (value < extent.low) extent.low = value;
    else if (value > extent.high) extent.high = value;
  }
  if (!extent) return null;
  const { low, high } = extent;
  return { ...extent, furthest: -low > high ? low : high };
}
