/** The traces and the layout of the curves: a panel per quantity, and a common axis. */

import type { RunEvent } from "../../messages/tuning";
import { formatValue, shorten } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import { eventMarks } from "../../plot/event-marks";
import { extentTrace } from "../../plot/extent-trace";
import { describeGaps, gapMarker, gapShape, gapsOf } from "../../plot/gaps";
import { escapeMarkup, type Layout, type Trace } from "../../plot/plotly";
import {
  baseAxis,
  baseLayout,
  cursorShape,
  logAxis,
  type StepRange,
} from "../../plot/plotly-figure";
import { markLabel, markShape, seriesName } from "../../plot/step-mark";
import type { StepMark } from "../../session";
import { type CommonScale, commonScale } from "./common-scale";
import type { DrawnQuantity, Quantity } from "./quantities";
import type { OtherLines } from "./runs-beside";
import { areaTraces, lineTraces, type TraceInput } from "./traces";

export interface CurvesInput extends TraceInput {
  readonly quantities: readonly DrawnQuantity[];
  readonly logarithmic: boolean;
  readonly cursor: number | null;
  /** The cursor with which the first is compared. */
  readonly second: number | null;
  /** The range of steps of a finding. */
  readonly mark: StepMark | null;
  /** The changes that a person made to the training. */
  readonly events: readonly RunEvent[];
  /** Steps that a gradient scaler skipped. */
  readonly skipped: readonly number[];
  /** Steps beyond the newest one for which there is room, as a fraction of those recorded. */
  readonly room: number;
  readonly height: number;
  /** The lines of runs beside this one, to which the axes extend. */
  readonly others?: OtherLines;
  readonly theme: Theme;
}

export interface CurvesPlot {
  readonly traces: readonly Trace[];
  readonly layout: Layout;
  /** A sentence on each line that has non-finite values, or leaves the axis of several runs. */
  readonly warnings: readonly string[];
}

/** There is room for "1.25×10⁻⁵" at a tick: without its first digit it is another number. */
const MARGIN = { l: 68, r: 12, t: 26, b: 34 };
/** The margins in a low figure, which has no title at its axis. */
const LOW_MARGIN = { ...MARGIN, t: 22, b: 18 };
const LOW_HEIGHT = 220;
/** Gap between two panels, in px; the name of the lower one is in it. */
const PANEL_GAP = 26;
/** Width of a letter in the name of a panel, in px, and the smallest number of letters. */
const PX_PER_LETTER = 7.6;
const MIN_TITLE = 12;
/** What is said of a run that explodes. */
const BEYOND = "beyond the axis, which is that of the other runs (Log shows all)";
/** Height of a panel for each tick, in px. */
const PX_PER_TICK = 18;
/** Height of a panel, in px, from which a logarithmic axis has room for all digits. */
const MIN_HEIGHT_OF_DIGITS = 260;

export function curvesPlot(input: CurvesInput): CurvesPlot {
  const traces: Trace[] = [];
  const extents: Trace[] = [];
  const marks: Layout[] = [];
  const warnings: string[] = [];
  const shapes = [...cursorShapes(input), ...skippedShapes(input)];
  const { at } = input.axis;
  const changes = eventMarks(input.events, visiblePlaces(input), input.width, input.theme, at);
  shapes.push(...changes.shapes);
  const axes: Record<string, Layout> = {};
  panelDomains(input.quantities.length, input.height).forEach((domain, index) => {
    const quantity = input.quantities[index] as DrawnQuantity;
    const suffix = index === 0 ? "" : String(index + 1);
    const top = domain[1];
    const scale = input.logarithmic ? null : scaleOf(quantity, input);
    axes[`yaxis${suffix}`] = valueAxis(input, domain, scale);
    marks.push(panelTitle(quantity.title, top, input));
    if (input.mark && isMarked(input, index)) {
      const [from, to] = input.mark.steps;
      const mark: StepMark = { ...input.mark, steps: [at(from), at(to)] };
      shapes.push(markShape(mark, domain, input.theme));
      marks.push(markLabel(mark, top, at(lastStepOf(quantity)), input.theme));
    }
    const areas = quantity.lines.filter(({ part }) => part);
    traces.push(...areaTraces(areas, `y${suffix}`, input));
    for (const line of quantity.lines) {
      if (line.part) continue;
      const points = line.table.points(line.column);
      const beyond = scale?.beyond(points) ?? null;
      const drawn = lineTraces(line, points, `y${suffix}`, input);
      traces.push(...(beyond === null ? drawn : drawn.map(withoutMarkers)));
      if (line.isHidden) continue;
      const name = line.inWords ?? line.name;
      const gaps = gapsOf(points);
      for (const gap of gaps) {
        const own = line.axis?.at ?? at;
        const placed = { ...gap, from: own(gap.from), to: own(gap.to) };
        // Among the lines of several runs, a shade would seem to be about all of them.
        if (!line.inWords) shapes.push(gapShape(placed, domain, input.theme));
        const colour = line.inWords ? line.colour : input.theme.error;
        marks.push(gapMarker(placed, name, domain[0], colour));
      }
      if (gaps.length > 0) warnings.push(describeGaps(name, gaps));
      if (beyond !== null) warnings.push(`${name} reaches ${formatValue(beyond)}, ${BEYOND}`);
    }
    const beside = input.others?.get(quantity.key) ?? [];
    extents.push(...extentTrace(beside, `y${suffix}`, scale?.range));
  });
  traces.push(...extents, ...roomTraces(input));
  return {
    traces,
    layout: layoutOf(input, axes, shapes, [...marks, ...changes.handles]),
    warnings,
  };
}

/** Returns the vertical axis that a quantity of several runs has in common; null for all values. */
function scaleOf({ key, lines }: DrawnQuantity, { others }: CurvesInput): CommonScale | null {
  const own = lines.filter(({ inWords, isHidden }) => inWords && !isHidden);
  const beside = others?.get(key)?.map(({ points }) => points) ?? [];
  return commonScale(key, [...own.map(({ table, column }) => table.points(column)), ...beside]);
}

/** Plotly cannot place the markers of values far beyond an axis. */
function withoutMarkers(trace: Trace): Trace {
  return { ...trace, mode: "lines" };
}

/** Returns the margins of a figure of a height, in px. */
export function marginOf(height: number): typeof MARGIN {
  return height < LOW_HEIGHT ? LOW_MARGIN : MARGIN;
}

/** Returns the vertical extents of the panels, from the top, as fractions of the inner height. */
export function panelDomains(count: number, height: number): StepRange[] {
  const { t: above, b: below } = marginOf(height);
  const inner = Math.max(1, height - above - below);
  const gap = Math.min(PANEL_GAP / inner, 0.5 / count);
  const share = (1 - gap * (count - 1)) / count;
  return Array.from({ length: count }, (_, index) => {
    const top = 1 - index * (share + gap);
    return [Math.max(0, top - share), top];
  });
}

/** Returns a line at each cursor, and a shade between the two. */
function cursorShapes({ cursor, second, axis, theme }: CurvesInput): Layout[] {
  const places = [cursor, second].map((step) => (step === null ? null : axis.at(step)));
  const lines = places.flatMap((place) => cursorShape(place, theme));
  const [x0, x1] = places;
  if (x0 === null || x1 === null || x0 === x1) return lines;
  const area = { type: "rect", xref: "x", yref: "paper", x0, x1, y0: 0, y1: 1, layer: "below" };
  return [{ ...area, fillcolor: theme.text, opacity: 0.07, line: { width: 0 } }, ...lines];
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

/** Returns the places that the axis shows, as plotly chooses them without a zoom. */
function visiblePlaces({ range, quantities, room, axis }: CurvesInput): StepRange {
  return range ?? [axis.at(0), axis.at(Math.max(1, ...quantities.map(lastStepOf)) * (1 + room))];
}

function lastStepOf({ lines }: Quantity): number {
  return Math.max(...lines.map(({ table }) => table.lastStep));
}

/** Returns an invisible point to which the axis extends. */
function roomTraces({ quantities, room, axis }: CurvesInput): Trace[] {
  if (room === 0 || quantities.length === 0) return [];
  const last = Math.max(...quantities.map(lastStepOf));
  const [x, y] = [[axis.at((1 + room) * last)], [null]];
  const hidden = { mode: "lines", showlegend: false, hoverinfo: "skip" };
  return [{ type: "scatter", uid: "room", ...hidden, x, y }];
}

/** Returns a short mark at the bottom for each skipped step. */
function skippedShapes({ skipped, theme, axis }: CurvesInput): Layout[] {
  const line = { color: theme.error, width: 1.5 };
  return skipped.map((step) => ({
    type: "line",
    xref: "x",
    yref: "paper",
    x0: axis.at(step),
    x1: axis.at(step),
    y0: 0,
    y1: 0.05,
    line,
  }));
}

function layoutOf(
  input: CurvesInput,
  axes: Record<string, Layout>,
  shapes: readonly Layout[],
  annotations: readonly Layout[],
): Layout {
  const { axis } = input;
  const last = input.quantities.length;
  return {
    ...baseLayout(input.theme),
    ...axes,
    annotations,
    hovermode: "x unified",
    hoversubplots: "axis",
    margin: marginOf(input.height),
    shapes,
    xaxis: {
      ...baseAxis(input.theme),
      anchor: last > 1 ? `y${last}` : "y",
      showgrid: false,
      title: {
        text: input.height < LOW_HEIGHT ? "" : axis.title,
        font: { size: 11, color: input.theme.mutedText },
        standoff: 4,
      },
      hoverformat: axis.hoverFormat,
      separatethousands: true,
      spikecolor: input.theme.mutedText,
      spikedash: "solid",
      spikethickness: 1,
      uirevision: axis.key,
      unifiedhovertitle: { text: axis.hoverTitle },
    },
  };
}

function valueAxis(
  { theme, logarithmic, height }: CurvesInput,
  domain: StepRange,
  scale: CommonScale | null,
): Layout {
  const { t: above, b: below } = marginOf(height);
  const panelHeight = (domain[1] - domain[0]) * (height - above - below);
  // In a low panel the digits below a power of ten would overlap: with few ticks plotly leaves some out.
  const most = logarithmic && panelHeight < MIN_HEIGHT_OF_DIGITS ? 3 : 6;
  const nticks = Math.min(most, Math.max(2, Math.round(panelHeight / PX_PER_TICK)));
  // A linear zoom does not apply to a logarithmic axis.
  if (logarithmic) return { ...logAxis(theme), nticks, domain, uirevision: "log" };
  const range = scale ? { range: scale.range, autorange: false } : {};
  const axis = { ...baseAxis(theme), ...range, domain, exponentformat: "power", nticks };
  return { ...axis, uirevision: "linear" };
}

/** Returns a text in lines that fit into the figure, as plotly wraps none. */
function tooltipOf(text: string, room: number): string {
  const lines = text.match(new RegExp(`.{1,${room}}`, "gsu")) ?? [];
  return lines.map(escapeMarkup).join("<br>");
}

function panelTitle(title: string, top: number, { width, theme }: CurvesInput): Layout {
  const room = Math.max(MIN_TITLE, Math.floor((width - MARGIN.l - MARGIN.r) / PX_PER_LETTER));
  return {
    text: `<b>${escapeMarkup(shorten(title, room))}</b>`,
    ...(title.length > room ? { hovertext: tooltipOf(title, room) } : {}),
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
