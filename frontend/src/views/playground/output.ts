/** The large picture of the plane: the output of the network or of one unit, and the points. */

import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { isDark } from "../../parts/theme";
import { classTable } from "./class-colours";
import { classLegend } from "./class-legend";
import { countMisclassified } from "./misclassified";
import { fitCanvas, paintPicture, paletteOf, valueTable } from "./painting";
import { drawPoints, markMisclassified } from "./points";
import type { Frame, Picture, Setup } from "./state";

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
  private readonly marked = make("input", { type: "checkbox" });
  private readonly markedLabel: HTMLElement;
  private readonly counts = make("span", { class: "playground-counts" });
  private readonly classes = make("div", { class: "playground-classes" });
  private setup: Setup | null = null;
  /** What the drawn points depend on. */
  private pointsKey = "";
  private size = 0;
  /** What the texts and the scale depend on. */
  private look = "";

  constructor(redraw: () => void) {
    this.showTest.checked = this.marked.checked = true;
    this.marked.addEventListener("change", redraw);
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
    this.markedLabel = make(
      "label",
      {
        title:
          "Draws a circle around each point for which another class than its own is more probable",
      },
      this.marked,
      "Misclassified",
      this.counts,
    );
    this.element = make(
      "div",
      { class: "playground-picture" },
      this.title,
      this.canvas,
      this.scale,
      this.classes,
      make("div", { class: "playground-row" }, test, this.sharpLabel, this.markedLabel),
    );
  }

  setSetup(setup: Setup): void {
    this.setup = setup;
    this.pointsKey = this.look = "";
    const { regression } = setup.message;
    setText(this.testKey, `Test points (${regression ? "squares" : "rings"})`);
    this.sharpLabel.hidden = this.markedLabel.hidden = regression;
  }

  /** Reads the size of its place, which forces a layout, so that it is not for each frame. */
  resize(): void {
    this.size = this.canvas.clientWidth;
  }

  draw(shown: Shown, frame: Frame): void {
    if (this.size === 0) this.resize();
    const { setup, size } = this;
    if (size === 0 || !setup) return;
    const dark = isDark(this.element);
    fitCanvas(this.canvas, size, size);
    paintPicture(this.canvas, shown.picture, this.tableOf(shown, setup, dark));
    this.drawPoints(setup, dark);
    const context = this.canvas.getContext("2d");
    context?.drawImage(this.pointsCanvas, 0, 0);
    if (context && this.marked.checked && !setup.message.regression) {
      markMisclassified(context, setup, frame, this.showTest.checked, dark);
    }
    this.count(frame, setup);
    const look = `${shown.title} ${shown.picture.scale} ${dark}`;
    if (look === this.look) return;
    this.look = look;
    this.describe(shown, setup, dark);
  }

  private tableOf({ isOutput }: Shown, { message }: Setup, dark: boolean): Uint32Array {
    const isSharp = isOutput && this.sharp.checked && !message.regression;
    return isOutput && message.outputs > 1 ? classTable(dark, isSharp) : valueTable(dark, isSharp);
  }

  /** Writes how many points are misclassified. */
  private count(frame: Frame, setup: Setup): void {
    const { regression, train_points } = setup.message;
    if (regression) return;
    const [train, test] = countMisclassified(frame, setup);
    const ofTest = setup.points.length / 3 - train_points;
    setText(this.counts, `${train} of ${train_points}, test ${test} of ${ofTest}`);
  }

  private describe(shown: Shown, setup: Setup, dark: boolean): void {
    setText(this.title, shown.title);
    this.canvas.setAttribute("aria-label", `${shown.title} over the plane, with the points`);
    const { class_names, outputs } = setup.message;
    this.classes.hidden = outputs === 1;
    this.bar.hidden = shown.isOutput && outputs > 1;
    if (outputs > 1) this.classes.replaceChildren(...classLegend(class_names, dark));
    const [low, high] = this.endsOf(shown, setup);
    setText(this.low, low);
    setText(this.high, high);
    this.bar.style.background = `linear-gradient(to right, ${paletteOf(dark).join(", ")})`;
  }

  private endsOf({ picture, isOutput }: Shown, { message }: Setup): [string, string] {
    if (!isOutput) return [formatValue(-picture.scale), formatValue(picture.scale)];
    const { outputs, regression, y_range, class_names } = message;
    if (outputs > 1) return ["The paler, the less sure the network is", ""];
    if (regression) return [formatValue(y_range[0]), formatValue(y_range[1])];
    return [class_names[0] ?? "", class_names[1] ?? ""];
  }

  /** Draws the points on a canvas of their own, as they rarely change. */
  private drawPoints(setup: Setup, dark: boolean): void {
    const { width, height } = this.canvas;
    const key = `${width} ${dark}`;
    if (key === this.pointsKey) return;
    this.pointsKey = key;
    this.pointsCanvas.width = width;
    this.pointsCanvas.height = height;
    const context = this.pointsCanvas.getContext("2d");
    if (context) drawPoints(context, setup, this.showTest.checked, dark);
  }
}
