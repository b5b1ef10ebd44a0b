/** The sample of the input from which a picture was made, beside it. */

import { make, makeSvg, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import type { ModelInput } from "../../session";
import { coloursOf } from "./colours";
import { paintPanel, paintPixels } from "./painting";

/** Longest side of an image, in px. */
const IMAGE_SIZE = 150;
const CURVE = { width: 640, height: 76, margin: 4 } as const;
const ROW_HEIGHT = 8;
const MAX_NUMBERS = 12;
/** Number of tokens that are written out. */
const MAX_TOKENS = 64;
const RGB = 3;
const EXPLANATION =
  "What the model was given in the same pass: the first sample of the batch, the one that the " +
  "picture shows.";

export class InputFigure {
  readonly element = make("div", { class: "labkit-input", title: EXPLANATION });
  private readonly content = make("div", { class: "labkit-input-content" });
  private readonly caption = make("div", { class: "labkit-input-words" });
  private drawn: ModelInput | null = null;
  private theme: Theme | null = null;

  constructor() {
    this.element.append(this.caption, this.content);
    this.element.hidden = true;
  }

  draw(given: ModelInput | null, theme: Theme): void {
    this.element.hidden = given === null;
    if (!given || (given === this.drawn && theme === this.theme)) return;
    this.drawn = given;
    this.theme = theme;
    this.element.dataset.form = given.form;
    const size = given.whole.join(" × ");
    setText(this.caption, given.form === "tokens" ? "Input" : `Input, of shape ${size}`);
    this.content.replaceChildren(contentOf(given, theme));
  }
}

function contentOf(given: ModelInput, theme: Theme): Element {
  if (given.form === "image") return image(given);
  if (given.form === "tokens") return tokens(given);
  if (given.form === "table") return table(given, theme);
  if (given.form === "values" && given.values.length <= MAX_NUMBERS) return numbers(given);
  return curves(given, theme);
}

/** Returns an image: three channels are colours; all share the range from the least to the greatest. */
function image({ shape, values }: ModelInput): HTMLElement {
  const [channels, rows, columns] = shape;
  const canvas = make("canvas", { "aria-hidden": "true" });
  const scale = IMAGE_SIZE / Math.max(rows, columns);
  canvas.style.width = `${Math.max(8, columns * scale)}px`;
  canvas.style.height = `${Math.max(8, rows * scale)}px`;
  const [low, high] = extremes(values);
  const size = rows * columns;
  const level = (channel: number, index: number) =>
    Math.round((255 * ((values[channel * size + index] as number) - low)) / (high - low || 1));
  paintPixels(canvas, rows, columns, (index) => {
    const red = level(0, index);
    const [green, blue] = channels === RGB ? [level(1, index), level(2, index)] : [red, red];
    return (255 << 24) | (blue << 16) | (green << 8) | red;
  });
  return canvas;
}

function tokens({ tokens, values, whole }: ModelInput): HTMLElement {
  const texts = tokens.length > 0 ? tokens : [...values].map(String);
  const shown = texts
    .slice(0, MAX_TOKENS)
    .map((text, place) => make("span", { title: `position ${place}: id ${values[place]}` }, text));
  const left = (whole[0] ?? texts.length) - shown.length;
  const rest = left > 0 ? [`and ${formatCount(left)} more`] : [];
  return make("div", { class: "labkit-tokens" }, ...shown, ...rest);
}

function numbers({ values }: ModelInput): HTMLElement {
  const texts = [...values].map((value) => make("span", {}, formatValue(value)));
  return make("div", { class: "labkit-tokens" }, ...texts);
}

function table(given: ModelInput, theme: Theme): HTMLElement {
  const canvas = make("canvas", { "aria-hidden": "true" });
  canvas.style.width = "100%";
  canvas.style.height = `${given.shape[1] * ROW_HEIGHT}px`;
  paintPanel(canvas, given, 0, coloursOf(given, null, theme.dark));
  return canvas;
}

/** Returns a line for each feature over time, or one for the numbers of a sample. */
function curves({ shape, values }: ModelInput, theme: Theme): SVGElement {
  const [, rows, columns] = shape;
  const { width, height, margin } = CURVE;
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const [low, high] = extremes(values);
  const down = (value: number) =>
    margin + ((high - value) / (high - low || 1)) * (height - 2 * margin);
  const across = (column: number) => ((column + 0.5) / columns) * width;
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    svg.append(
      makeSvg("polyline", {
        points: Array.from(line, (value, column) => `${across(column)},${down(value)}`).join(" "),
        fill: "none",
        stroke: theme.series[row % theme.series.length] as string,
        "stroke-width": "1.5",
        "vector-effect": "non-scaling-stroke",
      }),
    );
  }
  return svg;
}

function extremes(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
