/**
 * Draws the curves on a canvas where plotly will draw them, until plotly is loaded: on a slow
 * machine or line that takes some seconds after the first step.
 */

import { make } from "../../parts/element";
import { formatValue } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import type { StepRange } from "../../plot/plotly-figure";
import { marginOf, PANEL_GAP } from "./plot";
import type { Quantity } from "./quantities";

const FONT = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
const TITLE_FONT = `bold ${FONT}`;
/** Distance of the lowest and the highest point from the edges, as a fraction of the height. */
const PADDING = 0.06;

export interface EarlyInput {
  readonly quantities: readonly Quantity[];
  readonly logarithmic: boolean;
  readonly theme: Theme;
  /** Size of the figure, in px. */
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Curve {
  readonly colour: string;
  readonly steps: Float64Array;
  readonly values: readonly number[];
}

export class EarlyCurves {
  readonly element = make("canvas", { class: "labkit-curves-early", "aria-hidden": "true" });

  draw(input: EarlyInput): void {
    const ratio = globalThis.devicePixelRatio || 1;
    this.element.width = Math.round(input.width * ratio);
    this.element.height = Math.round(input.height * ratio);
    const context = this.element.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const panels = panelsOf(input);
    const range = rangeOf(panels.flat());
    boxesOf(input).forEach((box, index) => {
      const { key } = input.quantities[index] as Quantity;
      drawPanel(context, box, key, panels[index] as Curve[], range, input);
    });
  }
}

/** Returns the curves of each panel, in the colours that plotly's figure has. */
function panelsOf({ quantities, logarithmic, theme: { series } }: EarlyInput): Curve[][] {
  let lineIndex = -1;
  return quantities.map(({ lines }) =>
    lines.map((line) => {
      lineIndex += 1;
      const colour = series[lineIndex % series.length] as string;
      return { colour, ...shownPoints(line, logarithmic) };
    }),
  );
}

function rangeOf(curves: readonly Curve[]): StepRange {
  const ends = curves.flatMap(({ steps }) => [steps[0], steps.at(-1)]);
  const known = ends.filter((step) => step !== undefined);
  return [Math.min(...known), Math.max(...known)];
}

/** Returns the boxes of the panels, from the top. */
function boxesOf({ quantities, width, height }: EarlyInput): Box[] {
  const { l: left, r: right, t: above, b: below } = marginOf(quantities);
  const [inner, count] = [height - above - below, quantities.length];
  const share = (1 - PANEL_GAP * (count - 1)) / count;
  return quantities.map((_, index) => ({
    left,
    top: above + index * (share + PANEL_GAP) * inner,
    width: Math.max(1, width - left - right),
    height: share * inner,
  }));
}

function shownPoints({ table, column }: Quantity["lines"][number], logarithmic: boolean) {
  const { steps, values } = table.points(column);
  const shown = Array.from(values, (value) => (logarithmic ? Math.log10(value) : value));
  return { steps, values: shown };
}

function drawPanel(
  context: CanvasRenderingContext2D,
  box: Box,
  title: string,
  curves: readonly Curve[],
  [from, to]: StepRange,
  { theme, logarithmic }: EarlyInput,
): void {
  const finite = curves.flatMap(({ values }) => values.filter(Number.isFinite));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  context.font = TITLE_FONT;
  context.fillStyle = theme.text;
  context.textBaseline = "bottom";
  context.textAlign = "left";
  context.fillText(title, box.left, box.top - 2);
  if (finite.length === 0) return;
  const range = high - low || Math.abs(high) || 1;
  const y = (value: number) =>
    box.top + box.height * (1 - PADDING - ((value - low) / range) * (1 - 2 * PADDING));
  const x = (step: number) => box.left + ((step - from) / (to - from || 1)) * box.width;
  context.font = FONT;
  context.fillStyle = theme.mutedText;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of low === high ? [low] : [low, high]) {
    const label = formatValue(logarithmic ? 10 ** value : value);
    context.fillText(label, box.left - 4, y(value));
    context.strokeStyle = theme.gridLine;
    context.lineWidth = 1;
    context.strokeRect(box.left, y(value), box.width, 0);
  }
  context.lineWidth = 1.8;
  context.lineJoin = "round";
  for (const curve of curves) drawCurve(context, curve, x, y);
}

/** Draws a line with a gap where a value is not finite. */
function drawCurve(
  context: CanvasRenderingContext2D,
  { colour, steps, values }: Curve,
  x: (step: number) => number,
  y: (value: number) => number,
): void {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.beginPath();
  let isDrawing = false;
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      isDrawing = false;
      return;
    }
    const [across, down] = [x(steps[index] as number), y(value)];
    if (isDrawing) context.lineTo(across, down);
    else context.moveTo(across, down);
    if (values.length === 1) context.fillRect(across - 2.5, down - 2.5, 5, 5);
    isDrawing = true;
  });
  context.stroke();
}
