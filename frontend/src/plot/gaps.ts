/** Gaps in a line: steps whose value is not finite. */

import type { Theme } from "../parts/theme";
import type { Points } from "../session";
import { escapeMarkup, type Layout } from "./plotly";
import type { StepRange } from "./plotly-figure";

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly description: string;
}

/** Maximum number of marked gaps in a plot. */
const MAX_GAPS = 6;
/** Maximum number of described gaps of a line. */
const MAX_DESCRIBED = 3;

/** Returns the first sections of NaN or infinity, each with a description. */
export function gapsOf({ steps, values }: Points): Gap[] {
  const gaps: Gap[] = [];
  for (let index = 0; index < values.length && gaps.length < MAX_GAPS; index++) {
    const value = values[index] as number;
    if (Number.isFinite(value)) continue;
    let end = index;
    while (end + 1 < values.length && !Number.isFinite(values[end + 1] as number)) end += 1;
    const [from, to] = [steps[index] as number, steps[end] as number];
    gaps.push({ from, to, description: describeGap(value, from, to, end === values.length - 1) });
    index = end;
  }
  return gaps;
}

function describeGap(value: number, from: number, to: number, toTheEnd: boolean): string {
  const what = Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (from === to) return `${what} at step ${from.toLocaleString("en-US")}`;
  const begin = `${what} from step ${from.toLocaleString("en-US")}`;
  return toTheEnd ? begin : `${begin} to ${to.toLocaleString("en-US")}`;
}

/** "loss is NaN at step 700"; describes the first gaps of a line in one sentence. */
export function describeGaps(name: string, gaps: readonly Gap[]): string {
  const described = gaps.slice(0, MAX_DESCRIBED).map(({ description }) => description);
  if (gaps.length > MAX_DESCRIBED) described.push("and later again");
  return `${name} is ${described.join(", ")}`;
}

/** Returns a shape over the height of a panel that marks a gap. */
export function gapShape(gap: Gap, [y0, y1]: StepRange, theme: Theme): Layout {
  const place = { xref: "x", yref: "paper", x0: gap.from, x1: gap.to, y0, y1 };
  if (gap.from === gap.to) {
    return { ...place, type: "line", line: { color: theme.error, width: 1, dash: "dot" } };
  }
  // The outline makes a gap of few steps visible if a pixel covers many steps.
  const line = { color: theme.error, width: 0.5 };
  return { ...place, type: "rect", fillcolor: `${theme.error}1f`, line };
}

/** Returns a symbol at the bottom of a panel, with a tooltip that describes the gap. */
export function gapMarker(gap: Gap, name: string, bottom: number, color: string): Layout {
  return {
    text: "▲",
    hovertext: escapeMarkup(`${name} is ${gap.description}`),
    x: gap.from,
    xref: "x",
    y: bottom,
    yref: "paper",
    yanchor: "bottom",
    showarrow: false,
    borderpad: 0,
    font: { size: 11, color },
  };
}

/** Returns a text at the bottom of a panel that describes the gap. */
export function gapLabel(gap: Gap, bottom: number, theme: Theme): Layout {
  return {
    text: `▲ ${gap.description}`,
    x: gap.from,
    xref: "x",
    y: bottom,
    yref: "paper",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 11, color: theme.error },
    bgcolor: theme.paper,
  };
}
