/** The traces of the curves: lines with their recorded values, and areas that are stacked. */

import { decimate } from "../../plot/decimate";
import { escapeMarkup, type Trace } from "../../plot/plotly";
import type { StepRange } from "../../plot/plotly-figure";
import { decaySteps, smooth } from "../../plot/smooth";
import type { StepAxis } from "../../plot/step-axis";
import type { Points } from "../../session";
import type { DrawnLine, Line } from "./quantities";

export interface TraceInput {
  readonly axis: StepAxis;
  /** Position of the smoothing slider, 0 to 1. */
  readonly smoothing: number;
  /** The visible places of the axis; null for all. */
  readonly range: StepRange | null;
  /** Number of steps of the averages, if it is the same for lines of different length. */
  readonly decay?: number | null;
  readonly width: number;
}

/** Slices per pixel; two points are drawn per slice. */
const SLICES_PER_PX = 0.5;
/** Maximum number of values of a line with markers, which show values between two gaps. */
const FEW_VALUES = 24;
/** Width in px below which the tooltip contains only the recorded value. */
const NARROW_WIDTH = 480;
/** Opacity of an area, as two hexadecimal digits. */
export const AREA_OPACITY = "55";

/** Returns the recorded values, faint, and the line through their averages. */
export function lineTraces(
  line: DrawnLine,
  points: Points,
  yaxis: string,
  input: TraceInput,
): Trace[] {
  const axis = line.axis ?? input.axis;
  const chosen = chosenOf(points, { ...input, axis });
  const decay = decayOf(points, input);
  const smoothed = smooth(points, decay);
  const x = Float64Array.from(chosen, (index) => axis.at(points.steps[index] as number));
  const raw = Float32Array.from(chosen, (index) => drawable(points.values[index] as number));
  const uid = uidOf(line);
  const { colour: color, isHidden, dash } = line;
  const shared = {
    type: "scatter",
    name: escapeMarkup(line.name),
    visible: !isHidden,
    x,
    yaxis,
  };
  const main = {
    ...shared,
    uid,
    mode: hasFew(raw) ? "lines+markers" : "lines",
    showlegend: true,
    line: { color, width: 1.8, ...(dash ? { dash } : {}) },
    marker: { color, size: 5 },
  };
  // Without smoothing the trace is empty, not absent, so that each line has the same traces.
  const recorded = {
    ...shared,
    uid: `${uid}-recorded`,
    mode: "lines",
    showlegend: false,
    y: raw,
    line: { color, width: 1 },
    opacity: 0.28,
    hoverinfo: "skip",
  };
  const steps = axis.kind === "step" ? {} : { text: stepTexts(points, chosen) };
  const place = axis.kind === "step" ? "%{_xother}" : " (step %{text})";
  // "_xother" is replaced by the step of this line if it differs from that of the others.
  if (decay <= 0) {
    const none = { ...recorded, x: [], y: [] };
    return [none, { ...main, ...steps, y: raw, hovertemplate: `%{y:.4~g}${place}` }];
  }
  const y = Float32Array.from(chosen, (index) => smoothed[index] as number);
  const trend = input.width < NARROW_WIDTH ? "" : ", smoothed %{y:.4~g}";
  const hovertemplate = `%{customdata:.4~g}${trend}${place}`;
  return [recorded, { ...main, ...steps, y, customdata: raw, hovertemplate }];
}

function stepTexts({ steps }: Points, chosen: readonly number[]): string[] {
  return chosen.map((index) => String(steps[index]));
}

/** Returns areas that are stacked on each other, from the bottom. */
export function areaTraces(areas: readonly DrawnLine[], yaxis: string, input: TraceInput): Trace[] {
  const top = areas.at(-1);
  if (!top) return [];
  const { axis } = input;
  const chosen = chosenOf(top.table.points(top.column), input);
  return areas.map((area, index) => {
    const points = area.table.points(area.column);
    const below = areas[index - 1]?.table.points(index - 1).values;
    const smoothed = smooth(points, decayOf(points, input));
    const own = (at: number) => (points.values[at] as number) - (below?.[at] ?? 0);
    return {
      type: "scatter",
      uid: uidOf(area),
      name: escapeMarkup(area.name),
      mode: "lines",
      x: Float64Array.from(chosen, (at) => axis.at(points.steps[at] as number)),
      y: Float32Array.from(chosen, (at) => drawable(smoothed[at] as number)),
      yaxis,
      fill: index === 0 ? "tozeroy" : "tonexty",
      fillcolor: `${area.colour}${AREA_OPACITY}`,
      line: { color: area.colour, width: 1 },
      showlegend: true,
      customdata: Float32Array.from(chosen, own),
      hovertemplate: "%{customdata:.4~g}%{_xother}",
    };
  });
}

function decayOf({ steps }: Points, { decay, smoothing }: TraceInput): number {
  return decay ?? decaySteps(smoothing, steps);
}

/** Returns the indices of the points to draw. */
function chosenOf(points: Points, { axis, range, width }: TraceInput): number[] {
  const slices = Math.max(50, Math.round(width * SLICES_PER_PX));
  return decimate(points, slices, range && [axis.stepAt(range[0]), axis.stepAt(range[1])]);
}

/**
 * Returns the id by which plotly identifies a line that the user has hidden. It becomes part of a
 * CSS selector, so characters other than letters and digits are encoded.
 */
function uidOf({ table, column }: Line): string {
  const id = table.id.replace(/[^A-Za-z0-9]/gu, (sign) => `_${sign.codePointAt(0)?.toString(16)}_`);
  return `${id}-${column}`;
}

function hasFew(values: Float32Array): boolean {
  let finite = 0;
  for (const value of values) if (!Number.isNaN(value)) finite += 1;
  return finite <= FEW_VALUES;
}

function drawable(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
