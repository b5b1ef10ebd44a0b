/**
 * Draws the curves on a canvas where plotly will draw them, until plotly is loaded: on a slow
 * machine or line that takes some seconds after the first step.
 */

import { make } from "../../parts/element";
import { formatValue } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import type { StepRange } from "../../plot/plotly-figure";
import type { StepAxis } from "../../plot/step-axis";
import { marginOf, panelDomains } from "./plot";
import type { DrawnLine, DrawnQuantity } from "./quantities";

const FONT = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
const TITLE_FONT = `bold ${FONT}`;
/** Distance of the lowest and the highest point from the edges, as a fraction of the height. */
const PADDING = 0.06;

export interface EarlyInput {
  readonly quantities: readonly DrawnQuantity[];
  readonly axis: StepAxis;
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
  /** The places of the points on the axis. */
  readonly places: Float64Array;
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
      const { title } = input.quantities[index] as DrawnQuantity;
      drawPanel(context, box, title, panels[index] as Curve[], range, input);
    });
  }
}

/** Returns the visible curves of each panel. */
function panelsOf({ quantities, axis, logarithmic }: EarlyInput): Curve[][] {
  return quantities.map(({ lines }) =>
    lines.filter(({ isHidden }) => !isHidden).map((line) => curveOf(line, axis, logarithmic)),
  );
}

function rangeOf(curves: readonly Curve[]): StepRange {
  const ends = curves.flatMap(({ places }) => [places[0], places.at(-1)]);
  const known = ends.filter((place) => place !== undefined);
  return [Math.min(...known), Math.max(...known)];
}

/** Returns the boxes of the panels, from the top. */
function boxesOf({ quantities, width, height }: EarlyInput): Box[] {
  const { l: left, r: right, t: above, b: below } = marginOf(height);
  const inner = height - above - below;
  return panelDomains(quantities.length, height).map(([from, to]) => ({
    left,
    top: above + (1 - to) * inner,
    width: Math.max(1, width - left - right),
    height: (to - from) * inner,
  }));
}

function curveOf(line: DrawnLine, axis: StepAxis, logarithmic: boolean): Curve {
  const { steps, values } = line.table.points(line.column);
  const shown = Array.from(values, (value) => (logarithmic ? Math.log10(value) : value));
  return { colour: line.colour, places: steps.map(axis.at), values: shown };
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
  const x = (place: number) => box.left + ((place - from) / (to - from || 1)) * box.width;
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
  { colour, places, values }: Curve,
  x: (place: number) => number,
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
    const [across, down] = [x(places[index] as number), y(value)];
    if (isDrawing) context.lineTo(across, down);
    else context.moveTo(across, down);
    if (values.length === 1) context.fillRect(across - 2.5, down - 2.5, 5, 5);
    isDrawing = true;
  });
  context.stroke();
}
