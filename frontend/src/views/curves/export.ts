/** Saves the curves as a picture, or their values as a table. */

import { fileName, saveFile } from "../../parts/save-file";
import type { Theme } from "../../parts/theme";
import type { PlotlyFigure } from "../../plot/plotly-figure";
import type { StepAxis } from "../../plot/step-axis";
import { csvOf } from "./csv";
import { type CurvesInput, curvesPlot, marginOf } from "./plot";
import type { Line } from "./quantities";

/** Margin of a picture above the panels, for the legend, which the page has below them. */
const LEGEND_MARGIN = 48;

export async function savePicture(
  figure: PlotlyFigure,
  input: CurvesInput,
  theme: Theme,
  run: string,
): Promise<void> {
  const { traces, layout } = curvesPlot(input);
  const legend = { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom" };
  const margin = { ...marginOf(figure.height), t: LEGEND_MARGIN };
  const whole = { ...layout, margin, showlegend: true, legend };
  saveFile(await figure.picture(traces, whole, theme), fileName(run, "curves", "png"));
}

export function saveValues(lines: readonly Line[], axes: readonly StepAxis[], run: string): void {
  const text = csvOf(lines, axes);
  saveFile(new Blob([text], { type: "text/csv;charset=utf-8" }), fileName(run, "curves", "csv"));
}
