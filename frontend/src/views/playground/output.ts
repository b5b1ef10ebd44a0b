/** The large picture of the plane: the output of the network or of one unit, and the points. */

import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { isDark } from "../../parts/theme";
import { fitCanvas, paintPicture, paletteOf, pointColour } from "./painting";
import type { Picture, Setup } from "./state";

const POINT_RADIUS = 3.2;

/** A picture with what it shows, and the text below. */
export interface Shown {
  readonly picture: Picture;
  readonly title: string;
  readonly isOutput: boolean;
}

export class OutputPicture {
  readonly element: HTMLElement;
  private readonly canvas = make("canvas", { class: "playground-output", role: "img" });
  private readonly pointsCanvas = document.createElement("canvas");
  private readonly title = make("div", { class: "playground-caption" });
  private readonly scale = make("div", { class: "playground-scale", "aria-hidden": "true" });
  private readonly low = make("span");
  private readonly high = make("span");
  private readonly bar = make("span", { class: "playground-bar" });
  private readonly showTest = make("input", { type: "checkbox" });
  private readonly sharp = make("input", { type: "checkbox" });
  private readonly sharpLabel: HTMLElement;
  private readonly testKey = make("span");
  private setup: Setup | null = null;
  /** What the drawn points depend on. */
  private pointsKey = "";
  private size = 0;
  /** What the texts and the scale depend on. */
  private look = "";

  constructor(redraw: () => void) {
    this.showTest.checked = true;
    this.showTest.addEventListener("change", () => {
      this.pointsKey = "";
      redraw();
    });
    this.sharp.addEventListener("change", redraw);
    this.scale.append(this.low, this.bar, this.high);
    this.sharpLabel = make(
      "label",
      { title: "Shows the class that is more probable, without how probable it is" },
      this.sharp,
      "Only the class",
    );
    const test = make(
      "label",
      { title: "Points that are not used for training, only to see whether it carries over" },
      this.showTest,
      this.testKey,
    );
    this.element = make(
      "div",
      { class: "playground-picture" },
      this.title,
      this.canvas,
      this.scale,
      make("div", { class: "playground-row" }, test, this.sharpLabel),
    );
  }

  setSetup(setup: Setup): void {
    this.setup = setup;
    this.pointsKey = this.look = "";
    const { regression } = setup.message;
    setText(this.testKey, `Test points (${regression ? "squares" : "rings"})`);
    this.sharpLabel.hidden = regression;
  }

  /** Reads the size of its place, which forces a layout, so that it is not for each frame. */
  resize(): void {
    this.size = this.canvas.clientWidth;
  }

  draw(shown: Shown): void {
    if (this.size === 0) this.resize();
    const { size } = this;
    if (size === 0 || !this.setup) return;
    const dark = isDark(this.element);
    fitCanvas(this.canvas, size, size);
    const isSharp = shown.isOutput && this.sharp.checked && !this.setup.message.regression;
    paintPicture(this.canvas, shown.picture, dark, isSharp);
    this.drawPoints(dark);
    this.canvas.getContext("2d")?.drawImage(this.pointsCanvas, 0, 0);
    const look = `${shown.title} ${shown.picture.scale} ${dark}`;
    if (look === this.look) return;
    this.look = look;
    this.describe(shown, dark);
  }

  private describe(shown: Shown, dark: boolean): void {
    setText(this.title, shown.title);
    this.canvas.setAttribute("aria-label", `${shown.title} over the plane, with the points`);
    const [low, high] = this.endsOf(shown);
    setText(this.low, low);
    setText(this.high, high);
    this.bar.style.background = `linear-gradient(to right, ${paletteOf(dark).join(", ")})`;
  }

  private endsOf({ picture, isOutput }: Shown): [string, string] {
    if (!isOutput) return [formatValue(-picture.scale), formatValue(picture.scale)];
    const { regression, y_range, class_names } = (this.setup as Setup).message;
    return regression ? [formatValue(y_range[0]), formatValue(y_range[1])] : [...class_names];
  }

  /** Draws the points on a canvas of their own, as they rarely change. */
  private drawPoints(dark: boolean): void {
    const { width, height } = this.canvas;
    const key = `${width} ${dark}`;
    if (key === this.pointsKey || !this.setup) return;
    this.pointsKey = key;
    this.pointsCanvas.width = width;
    this.pointsCanvas.height = height;
    const context = this.pointsCanvas.getContext("2d");
    if (!context) return;
    const { message, points } = this.setup;
    const [left, right, bottom, top] = message.plane;
    const ratio = globalThis.devicePixelRatio || 1;
    const colour = this.colours(dark);
    // The points of a regression have the colours of the picture itself.
    const outline = message.regression ? (dark ? "#ddd" : "#333") : dark ? "#111" : "#fff";
    const inside = dark ? "#1b1b1b" : "#fff";
    for (let index = 0; index * 3 < points.length; index++) {
      const isTest = index >= message.train_points;
      if (isTest && !this.showTest.checked) break;
      const [x1, x2, y] = points.subarray(3 * index, 3 * index + 3) as unknown as number[];
      const x = (((x1 as number) - left) / (right - left)) * width;
      const fromTop = ((top - (x2 as number)) / (top - bottom)) * height;
      context.beginPath();
      const radius = POINT_RADIUS * ratio;
      if (isTest && message.regression) {
        context.rect(x - radius, fromTop - radius, 2 * radius, 2 * radius);
      } else context.arc(x, fromTop, radius, 0, 2 * Math.PI);
      context.fillStyle = isTest && !message.regression ? inside : colour(y as number);
      context.strokeStyle = isTest && !message.regression ? colour(y as number) : outline;
      context.lineWidth = (isTest && !message.regression ? 1.8 : 1.1) * ratio;
      context.fill();
      context.stroke();
    }
  }

  private colours(dark: boolean): (y: number) => string {
    const { regression, y_range } = (this.setup as Setup).message;
    const palette = paletteOf(dark);
    if (!regression) return (y) => pointColour(y > 0.5, dark);
    const [low, high] = y_range;
    return (y) => palette[Math.round(((y - low) / (high - low || 1)) * 4)] ?? "#888";
  }
}
