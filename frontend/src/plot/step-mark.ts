/** The range of steps of a finding, as a shaded span with its name. */

import type { TableKind } from "../messages/tables";
import type { Theme } from "../parts/theme";
import type { StepMark } from "../session";
import type { Layout } from "./plotly";
import type { StepRange } from "./plotly-figure";

const WARNING = "#c98700";
const HINT = "#3a87c8";

/** Returns the name of a series, as in `run.series`. */
export function seriesName(kind: TableKind, column: string): string {
  return kind === "loss" || kind === "metric" ? column : `${kind}/${column}`;
}

export function markColour({ severity }: StepMark, theme: Theme): string {
  if (severity === "error") return theme.error;
  return severity === "warning" ? WARNING : HINT;
}

/** Returns a shape over the height of a panel. */
export function markShape(mark: StepMark, [y0, y1]: StepRange, theme: Theme): Layout {
  const colour = markColour(mark, theme);
  const [x0, x1] = mark.steps;
  // The outline makes a span of few steps visible if a pixel covers many steps.
  const line = { color: colour, width: 1, dash: "dot" };
  const fillcolor = `${colour}1f`;
  return {
    type: "rect",
    xref: "x",
    yref: "paper",
    x0,
    x1,
    y0,
    y1,
    fillcolor,
    line,
    layer: "below",
  };
}

/** Returns the name of the finding, in the span at the top of a panel. */
export function markLabel(mark: StepMark, top: number, last: number, theme: Theme): Layout {
  const [from, to] = mark.steps;
  const isRight = from > last / 2;
  return {
    text: mark.name,
    x: isRight ? to : from,
    xref: "x",
    xanchor: isRight ? "right" : "left",
    y: top,
    yref: "paper",
    yanchor: "top",
    showarrow: false,
    font: { size: 11, color: markColour(mark, theme) },
    bgcolor: theme.paper,
  };
}
