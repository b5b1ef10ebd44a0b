/** Draws a tensor: a small one as a table of numbers, a large one as a colour map. */

import { make } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { shapeText } from "../graph/structure/text";
import type { Value } from "./walk";

/** Blue below zero, orange above, white at zero, for colour-blind people as well. */
const NEGATIVE = [33, 102, 172] as const;
const POSITIVE = [217, 95, 2] as const;
const CELL = 7;

export function drawValue(value: Value): HTMLElement {
  const { numbers } = value;
  if (!numbers) return make("p", { class: "labkit-stepper-unknown" }, value.reason ?? "Not known.");
  const about = make("span", { class: "labkit-stepper-about" }, describe(value));
  if (numbers.length === 1 && value.whole) {
    return make(
      "div",
      {},
      make("strong", { class: "labkit-stepper-number" }, formatValue(numbers[0] ?? 0)),
    );
  }
  return make("div", {}, value.whole ? table(value, numbers) : colourMap(value, numbers), about);
}

function describe(value: Value): string {
  const parts = [shapeText(value.shape), `norm ${formatValue(value.norm)}`];
  if (!value.whole) parts.push(`${formatValue(value.minimum)} to ${formatValue(value.maximum)}`);
  if (value.notFinite > 0) parts.push(`${value.notFinite} not finite`);
  return parts.join(" · ");
}

function table(value: Value, numbers: Float64Array): HTMLElement {
  const max = largest(numbers);
  const rows = Array.from({ length: value.rows }, (_, row) =>
    make(
      "tr",
      {},
      ...Array.from({ length: value.columns }, (_, column) => {
        const number = numbers[row * value.columns + column] ?? 0;
        const cell = make("td", {}, formatValue(number));
        if (!Number.isFinite(number)) cell.classList.add("labkit-stepper-broken");
        else cell.style.background = background(number, max);
        return cell;
      }),
    ),
  );
  return make(
    "div",
    { class: "labkit-stepper-scroll" },
    make("table", {}, make("tbody", {}, ...rows)),
  );
}

function colourMap(value: Value, numbers: Float64Array): HTMLElement {
  const canvas = make("canvas", {
    width: String(value.columns),
    height: String(value.rows),
    role: "img",
    "aria-label": `Means of blocks: ${describe(value)}`,
  });
  canvas.style.width = `${Math.max(value.columns * CELL, 120)}px`;
  canvas.style.height = `${Math.max(value.rows * CELL, 28)}px`;
  const max = largest(numbers);
  const context = canvas.getContext("2d");
  const image = context?.createImageData(value.columns, value.rows);
  if (context && image) {
    numbers.forEach((number, place) => {
      const [red, green, blue] = Number.isFinite(number) ? colour(number, max) : [200, 0, 200];
      image.data.set([red, green, blue, 255], 4 * place);
    });
    context.putImageData(image, 0, 0);
  }
  const scale = make(
    "div",
    { class: "labkit-stepper-scale", title: "Means of blocks of the tensor; white is zero." },
    make("span", {}, formatValue(-max)),
    make("i", {}),
    make("span", {}, formatValue(max)),
  );
  return make("div", {}, canvas, scale);
}

function largest(numbers: Float64Array): number {
  let max = 0;
  for (const number of numbers) if (Number.isFinite(number)) max = Math.max(max, Math.abs(number));
  return max;
}

function colour(number: number, max: number): readonly [number, number, number] {
  const share = max === 0 ? 0 : Math.abs(number) / max;
  const [red, green, blue] = number < 0 ? NEGATIVE : POSITIVE;
  const mix = (channel: number) => Math.round(255 + (channel - 255) * share);
  return [mix(red), mix(green), mix(blue)];
}

/** Returns a light background colour, on which text is readable in both themes. */
function background(number: number, max: number): string {
  const share = max === 0 ? 0 : Math.abs(number) / max;
  const [red, green, blue] = number < 0 ? NEGATIVE : POSITIVE;
  return `rgba(${red}, ${green}, ${blue}, ${(0.32 * share).toFixed(3)})`;
}
