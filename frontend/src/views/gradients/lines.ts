/** The quantities of the heat map as one line per parameter. */

import { FROZEN, type Row } from "../../heat-map/rows";
import { colourAt } from "../../heat-map/scale";
import type { Theme } from "../../parts/theme";
import { decimate } from "../../plot/decimate";
import { extentTrace } from "../../plot/extent-trace";
import { gapLabel, gapShape, gapsOf } from "../../plot/gaps";
import { escapeMarkup, type Layout, type Trace } from "../../plot/plotly";
import {
  baseAxis,
  baseLayout,
  cursorShape,
  logAxis,
  type StepRange,
} from "../../plot/plotly-figure";
import { markLabel, markShape } from "../../plot/step-mark";
import type { StepMark } from "../../session";

/** Number of slices of all lines together, which limits the cost of large models. */
const TOTAL_SLICES = 4000;
const LINE_WIDTH = 1.4;
const SELECTED_WIDTH = 3;
/** Opacity of the other lines beside a selected one. */
const FADED = 0.3;
const FULL_HEIGHT: StepRange = [0, 1];

export interface LinesInput {
  readonly rows: readonly Row[];
  readonly quantity: string;
  readonly cursor: number | null;
  /** The range of steps of a finding. */
  readonly mark: StepMark | null;
  /** Names of the selected parameters, whose lines stand out. */
  readonly selected: ReadonlySet<string>;
  readonly range: StepRange | null;
  readonly theme: Theme;
  /** Whether the axis is logarithmic. */
  readonly logarithmic: boolean;
  /** A usual value, drawn as a horizontal line; null for none. */
  readonly reference: number | null;
  /** Those of the runs beside this one, to which the axes extend. */
  readonly others?: readonly Row[];
}

export function linesPlot(input: LinesInput): { traces: Trace[]; layout: Layout } {
  const { rows, theme } = input;
  const shapes = cursorShape(input.cursor, theme);
  const annotations: Layout[] = [];
  if (input.mark) {
    shapes.push(markShape(input.mark, FULL_HEIGHT, theme));
    const last = Math.max(...rows.map(({ table }) => table.lastStep));
    annotations.push(markLabel(input.mark, 1, last, theme));
  }
  if (input.reference !== null) {
    shapes.push(referenceShape(input.reference, theme));
    annotations.push(referenceNote(input.reference, theme));
  }
  const slices = Math.min(400, Math.max(24, Math.floor(TOTAL_SLICES / rows.length)));
  const marked = new Set<number>();
  const traces = rows.map(({ name, table, column, frozen }, index) => {
    const points = table.points(column);
    for (const gap of gapsOf(points)) {
      if (marked.has(gap.from) || marked.size > 5) continue;
      marked.add(gap.from);
      shapes.push(gapShape(gap, FULL_HEIGHT, theme));
      annotations.push(gapLabel(gap, 0, theme));
    }
    const chosen = decimate(points, slices, input.range);
    const isSelected = input.selected.has(name);
    return {
      type: "scatter",
      mode: chosen.length === 1 ? "markers" : "lines",
      name: escapeMarkup(frozen ? `${name} (${FROZEN})` : name),
      x: Float64Array.from(chosen, (place) => points.steps[place] as number),
      y: Float32Array.from(chosen, (place) => points.values[place] as number),
      line: {
        color: lineColour(index, rows.length, theme),
        width: isSelected ? SELECTED_WIDTH : LINE_WIDTH,
      },
      opacity: isSelected || input.selected.size === 0 ? 1 : FADED,
      zorder: isSelected ? 1 : 0,
      hovertemplate: "%{fullData.name}<br>step %{x:,d}<br>%{y:.4~g}<extra></extra>",
    };
  });
  const others = (input.others ?? []).map(({ table, column }) => ({
    points: table.points(column),
    at: (step: number) => step,
  }));
  const all = [...traces, ...extentTrace(others, "y")];
  return { traces: all, layout: layoutOf(input, shapes, annotations) };
}

function layoutOf(input: LinesInput, shapes: Layout[], annotations: Layout[]): Layout {
  const { theme } = input;
  return {
    ...baseLayout(theme),
    annotations,
    hovermode: "closest",
    margin: { l: 64, r: 12, t: 10, b: 40 },
    shapes,
    showlegend: false,
    uirevision: input.quantity,
    xaxis: {
      ...baseAxis(theme),
      showgrid: false,
      title: { text: "step", font: { size: 11, color: theme.mutedText }, standoff: 4 },
    },
    yaxis: input.logarithmic ? logAxis(theme) : baseAxis(theme),
  };
}

/** Returns the colour of a line: distinct hues for few lines, a gradient by depth for many. */
export function lineColour(index: number, count: number, { series, dark }: Theme): string {
  if (count <= series.length) return series[index] as string;
  const part = index / (count - 1);
  return colourAt(dark ? 0.25 + 0.75 * part : 0.88 * part);
}

function referenceShape(value: number, theme: Theme): Layout {
  const line = { color: theme.mutedText, width: 1.2, dash: "dash" };
  return { type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: value, y1: value, line };
}

function referenceNote(value: number, theme: Theme): Layout {
  return {
    text: `${value} is customary`,
    xref: "paper",
    x: 1,
    xanchor: "right",
    yref: "y",
    y: Math.log10(value),
    yanchor: "bottom",
    showarrow: false,
    font: { size: 10, color: theme.mutedText },
  };
}
