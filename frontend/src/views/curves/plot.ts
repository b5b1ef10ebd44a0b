/** The traces and the layout of the curves: a panel per quantity, and a common axis of steps. */

import type { RunEvent } from "../../messages/tuning";
import type { Theme } from "../../parts/theme";
import { decimate } from "../../plot/decimate";
import { eventMarks } from "../../plot/event-marks";
import { describeGaps, gapMarker, gapShape, gapsOf } from "../../plot/gaps";
import { escapeMarkup, type Layout, type Trace } from "../../plot/plotly";
import {
  baseAxis,
  baseLayout,
  cursorShape,
  logAxis,
  type StepRange,
} from "../../plot/plotly-figure";
import { decaySteps, smooth } from "../../plot/smooth";
import { markLabel, markShape, seriesName } from "../../plot/step-mark";
import type { Points, StepMark } from "../../session";
import type { Line, Quantity } from "./quantities";

export interface CurvesInput {
  readonly quantities: readonly Quantity[];
  /** Position of the smoothing slider, 0 to 1. */
  readonly smoothing: number;
  readonly logarithmic: boolean;
  readonly cursor: number | null;
  /** The range of steps of a finding. */
  readonly mark: StepMark | null;
  /** The changes that a person made to the training. */
  readonly events: readonly RunEvent[];
  /** Steps that a gradient scaler skipped. */
  readonly skipped: readonly number[];
  readonly range: StepRange | null;
  /** Steps beyond the newest one for which there is room, as a fraction of those recorded. */
  readonly room: number;
  readonly width: number;
  readonly theme: Theme;
}

export interface CurvesPlot {
  readonly traces: readonly Trace[];
  readonly layout: Layout;
  /** A sentence on each line with non-finite values: "loss is NaN at step 700". */
  readonly warnings: readonly string[];
}

/** Gap between two panels, as a fraction of the height. */
export const PANEL_GAP = 0.12;
/** There is room for "1.25×10⁻⁵" at a tick: without its first digit it is another number. */
const MARGIN = { l: 68, r: 12, t: 26, b: 34 };
/** The margin at the top if there is a legend; the mode bar is above it. */
const LEGEND_MARGIN = 48;
/** Slices per pixel; two points are drawn per slice. */
const SLICES_PER_PX = 0.5;
/** Maximum number of values of a line with markers, which show values between two gaps. */
const FEW_VALUES = 24;
/** Width in px below which the tooltip contains only the recorded value. */
const NARROW_WIDTH = 480;

export function curvesPlot(input: CurvesInput): CurvesPlot {
  const traces: Trace[] = [];
  const marks: Layout[] = [];
  const warnings: string[] = [];
  const shapes = [...cursorShape(input.cursor, input.theme), ...skippedShapes(input)];
  const changes = eventMarks(input.events, visibleSteps(input), input.width, input.theme);
  shapes.push(...changes.shapes);
  const axes: Record<string, Layout> = {};
  const count = input.quantities.length;
  const height = (1 - PANEL_GAP * (count - 1)) / count;
  let colourIndex = 0;
  input.quantities.forEach((quantity, index) => {
    const suffix = index === 0 ? "" : String(index + 1);
    const top = 1 - index * (height + PANEL_GAP);
    const domain: StepRange = [Math.max(0, top - height), top];
    axes[`yaxis${suffix}`] = valueAxis(input, domain);
    marks.push(panelTitle(quantity.key, top, input.theme));
    if (input.mark && isMarked(input, index)) {
      shapes.push(markShape(input.mark, domain, input.theme));
      marks.push(markLabel(input.mark, top, lastStepOf(quantity), input.theme));
    }
    for (const line of quantity.lines) {
      const points = line.table.points(line.column);
      const colour = input.theme.series[colourIndex % input.theme.series.length] as string;
      colourIndex += 1;
      traces.push(...lineTraces(line, points, colour, `y${suffix}`, input));
      const gaps = gapsOf(points);
      for (const gap of gaps) {
        shapes.push(gapShape(gap, domain, input.theme));
        marks.push(gapMarker(gap, line.name, domain[0], input.theme));
      }
      if (gaps.length > 0) warnings.push(describeGaps(line.name, gaps));
    }
  });
  traces.push(...roomTraces(input));
  return {
    traces,
    layout: layoutOf(input, axes, shapes, [...marks, ...changes.handles]),
    warnings,
  };
}

/**
 * Whether a panel shows a series of the marked finding. The first panel, which is the loss, shows a
 * mark that belongs to no panel, for example that of a finding about gradients.
 */
function isMarked({ quantities, mark }: CurvesInput, index: number): boolean {
  const shows = ({ lines }: Quantity) =>
    lines.some(({ table, column }) =>
      mark?.series.includes(seriesName(table.kind, table.names[column] ?? "")),
    );
  const found = quantities.map(shows);
  return found[index] || (index === 0 && !found.includes(true));
}

/** Returns the steps that the axis shows, as plotly chooses them without a zoom. */
function visibleSteps({ range, quantities, room }: CurvesInput): StepRange {
  return range ?? [0, Math.max(1, ...quantities.map(lastStepOf)) * (1 + room)];
}

function lastStepOf({ lines }: Quantity): number {
  return Math.max(...lines.map(({ table }) => table.lastStep));
}

/** Returns an invisible point to which the axis of steps extends. */
function roomTraces({ quantities, room }: CurvesInput): Trace[] {
  if (room === 0 || quantities.length === 0) return [];
  const last = Math.max(...quantities.map(lastStepOf));
  const [x, y] = [[(1 + room) * last], [null]];
  const hidden = { mode: "lines", showlegend: false, hoverinfo: "skip" };
  return [{ type: "scatter", uid: "room", ...hidden, x, y }];
}

/** Returns a short mark at the bottom for each skipped step. */
function skippedShapes({ skipped, theme }: CurvesInput): Layout[] {
  const line = { color: theme.error, width: 1.5 };
  return skipped.map((step) => ({
    type: "line",
    xref: "x",
    yref: "paper",
    x0: step,
    x1: step,
    y0: 0,
    y1: 0.05,
    line,
  }));
}

function hasLegend(quantities: readonly Quantity[]): boolean {
  return quantities.some(({ lines }) => lines.length > 1);
}

/** Returns the margins of the panels, in px. */
export function marginOf(quantities: readonly Quantity[]): typeof MARGIN {
  return hasLegend(quantities) ? { ...MARGIN, t: LEGEND_MARGIN } : MARGIN;
}

function layoutOf(
  input: CurvesInput,
  axes: Record<string, Layout>,
  shapes: readonly Layout[],
  annotations: readonly Layout[],
): Layout {
  const last = input.quantities.length;
  const showlegend = hasLegend(input.quantities);
  return {
    ...baseLayout(input.theme),
    ...axes,
    annotations,
    hovermode: "x unified",
    hoversubplots: "axis",
    legend: {
      orientation: "h",
      x: 1,
      xanchor: "right",
      y: 1,
      yanchor: "bottom",
      font: { size: 11 },
    },
    margin: marginOf(input.quantities),
    shapes,
    showlegend,
    xaxis: {
      ...baseAxis(input.theme),
      anchor: last > 1 ? `y${last}` : "y",
      showgrid: false,
      title: { text: "step", font: { size: 11, color: input.theme.mutedText }, standoff: 4 },
      hoverformat: ",d",
      spikecolor: input.theme.mutedText,
      spikedash: "solid",
      spikethickness: 1,
      unifiedhovertitle: { text: "step %{x:,d}" },
    },
  };
}

function valueAxis({ theme, logarithmic }: CurvesInput, domain: StepRange): Layout {
  // A linear zoom does not apply to a logarithmic axis.
  if (logarithmic) return { ...logAxis(theme), domain, uirevision: "log" };
  return { ...baseAxis(theme), domain, exponentformat: "power", nticks: 6, uirevision: "linear" };
}

function panelTitle(key: string, top: number, theme: Theme): Layout {
  return {
    text: `<b>${escapeMarkup(key)}</b>`,
    x: 0,
    xref: "paper",
    xanchor: "left",
    y: top,
    yref: "paper",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 12, color: theme.text },
  };
}

function lineTraces(
  line: Line,
  points: Points,
  colour: string,
  axis: string,
  input: CurvesInput,
): Trace[] {
  const chosen = decimate(
    points,
    Math.max(50, Math.round(input.width * SLICES_PER_PX)),
    input.range,
  );
  const decay = decaySteps(input.smoothing, points.steps);
  const smoothed = smooth(points, decay);
  const x = Float64Array.from(chosen, (index) => points.steps[index] as number);
  const raw = Float32Array.from(chosen, (index) => drawable(points.values[index] as number));
  const uid = uidOf(line);
  const shared = {
    type: "scatter",
    name: escapeMarkup(line.name),
    legendgroup: `${axis} ${line.name}`,
    x,
    yaxis: axis,
  };
  const main = {
    ...shared,
    uid,
    mode: hasFew(raw) ? "lines+markers" : "lines",
    showlegend: true,
    line: { color: colour, width: 1.8 },
    marker: { color: colour, size: 5 },
  };
  // Without smoothing the trace is empty, not absent, so that plotly preserves its visibility.
  const recorded = {
    ...shared,
    uid: `${uid}-recorded`,
    mode: "lines",
    showlegend: false,
    y: raw,
    line: { color: colour, width: 1 },
    opacity: 0.28,
    hoverinfo: "skip",
  };
  // "_xother" is replaced by the step of this line if it differs from that of the others.
  if (decay <= 0) {
    const none = { ...recorded, x: [], y: [] };
    return [none, { ...main, y: raw, hovertemplate: "%{y:.4~g}%{_xother}" }];
  }
  const y = Float32Array.from(chosen, (index) => smoothed[index] as number);
  const trend = input.width < NARROW_WIDTH ? "" : ", smoothed %{y:.4~g}";
  const hovertemplate = `%{customdata:.4~g}${trend}%{_xother}`;
  return [recorded, { ...main, y, customdata: raw, hovertemplate }];
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
