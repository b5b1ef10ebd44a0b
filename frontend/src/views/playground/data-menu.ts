/** The data sets, each as a small picture of its points; one is chosen. */

import type { PlaygroundSettings } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { isDark } from "../../parts/theme";
import { classColour } from "./class-colours";
import { DATA, EXPLAINED } from "./menus";
import { edgeColour, fitCanvas } from "./painting";
import type { Setup } from "./state";

const SIDE = 38;
const RADIUS = 1.4;
/** Largest coordinate in the pictures: the plane of the data sets. */
const REACH = 3.2;

interface Choice {
  readonly value: string;
  readonly input: HTMLInputElement;
  readonly canvas: HTMLCanvasElement;
}

export class DataMenu {
  readonly element: HTMLElement;
  private readonly choices: Choice[];
  private readonly list = make("div", { class: "playground-data-list" });
  private readonly name = make("b");
  private setup: Setup | null = null;

  constructor(send: (settings: Partial<PlaygroundSettings>) => void) {
    // Each playground has its own copy of this script, so that a counter would not tell them apart.
    const group = `playground-data-${Math.random().toString(36).slice(2)}`;
    this.choices = DATA.map(({ value, label }) => {
      const canvas = make("canvas", { "aria-hidden": "true" });
      const input = make("input", { type: "radio", name: group, value, "aria-label": label });
      input.addEventListener("change", () => send({ data: value }));
      this.list.append(make("label", { title: label }, input, canvas));
      return { value, input, canvas };
    });
    this.element = make(
      "div",
      {
        class: "playground-field playground-data",
        role: "radiogroup",
        "aria-label": "Data",
        title: EXPLAINED.data,
      },
      make("span", { class: "playground-data-name" }, "Data", this.name),
      this.list,
    );
  }

  setSetup(setup: Setup): void {
    this.setup = setup;
    const { own_data, settings } = setup.message;
    const label = DATA.find(({ value }) => value === settings.data)?.label ?? "";
    const count = setup.points.length / 3;
    setText(this.name, own_data ? `${count} points of yours` : label);
    this.list.hidden = own_data;
    for (const { value, input } of this.choices) input.checked = value === settings.data;
    this.paint();
  }

  /** Paints the pictures, whose colours are those of the theme. */
  paint(): void {
    if (!this.setup) return;
    const { previews } = this.setup;
    const size = previews.length / this.choices.length;
    this.choices.forEach(({ canvas }, place) => {
      paintPoints(canvas, previews.subarray(place * size, (place + 1) * size));
    });
  }
}

function paintPoints(canvas: HTMLCanvasElement, points: Float32Array): void {
  fitCanvas(canvas, SIDE, SIDE);
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width } = canvas;
  const dark = isDark(canvas);
  const ratio = width / SIDE;
  const { middle, isMany } = kindOf(points);
  context.clearRect(0, 0, width, width);
  for (let index = 0; index + 2 < points.length; index += 3) {
    const [x1, x2, y] = points.subarray(index, index + 3) as unknown as [number, number, number];
    context.fillStyle = isMany ? classColour(y) : edgeColour(y > middle, dark);
    // Of values, by their size.
    context.globalAlpha = isMany ? 1 : Math.min(1, 0.15 + 2 * Math.abs(y - middle));
    context.beginPath();
    const [x, fromTop] = [(x1 / REACH + 1) / 2, (1 - x2 / REACH) / 2];
    context.arc(x * width, fromTop * width, RADIUS * ratio, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Returns the middle of two classes, or of values, and whether there are more classes than two. */
function kindOf(points: Float32Array): { middle: number; isMany: boolean } {
  let [isWhole, highest] = [true, 0];
  for (let index = 2; index < points.length; index += 3) {
    const y = points[index] as number;
    isWhole &&= Number.isInteger(y) && y >= 0;
    highest = Math.max(highest, y);
  }
  return { middle: isWhole ? 0.5 : 0, isMany: isWhole && highest > 1 };
}
