/** The losses of training and test points: numbers, and a small curve over the steps. */

import { make, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import { readTheme, type Theme } from "../../parts/theme";
import { fitCanvas } from "./painting";
import type { Frame, Setup } from "./state";

const HEIGHT = 92;
const FONT_SIZE = 11;
/** Height above the highest loss, for its number. */
const TOP = 17;
const MAX_POINTS = 600;
/** Time between two drawings while the network plays, in ms: numbers can be read, and it costs less. */
const REST_MS = 100;

interface Row {
  readonly step: number;
  readonly train: number;
  readonly test: number;
}

export class LossCurve {
  readonly element: HTMLElement;
  private readonly canvas = make("canvas", { class: "playground-curve", role: "img" });
  private readonly train = make("b");
  private readonly test = make("b");
  private readonly at = make("span", { class: "playground-muted" });
  private readonly end = make("span");
  private rows: Row[] = [];
  private width = 0;
  private drawnAt = Number.NEGATIVE_INFINITY;
  private theme: Theme | null = null;
  private font = "";
  /** Where the pointer is on the curve, from 0 to 1. */
  private cursor: number | null = null;

  constructor() {
    this.canvas.addEventListener("pointermove", ({ offsetX }) => this.setCursor(offsetX));
    this.canvas.addEventListener("pointerleave", () => this.setCursor(null));
    const number = (kind: string, label: string, value: HTMLElement, title: string) =>
      make("span", { class: `playground-loss playground-loss-${kind}`, title }, label, " ", value);
    this.element = make(
      "div",
      { class: "playground-losses" },
      make(
        "div",
        { class: "playground-row" },
        number("train", "Training loss", this.train, "The loss of all training points"),
        number(
          "test",
          "Test loss",
          this.test,
          "The loss of points that the network is not trained on. Much higher than the training loss: overfitting",
        ),
        this.at,
      ),
      this.canvas,
      make(
        "div",
        { class: "playground-steps playground-muted", "aria-hidden": "true" },
        make("span", {}, "0"),
        this.end,
      ),
    );
  }

  private setCursor(x: number | null): void {
    this.cursor = x === null || this.width === 0 ? null : x / this.width;
    this.draw();
  }

  setSetup({ history }: Setup): void {
    this.rows = [];
    for (let index = 0; index + 2 < history.length; index += 3) {
      const [step, train, test] = history.subarray(index, index + 3) as unknown as number[];
      this.rows.push({ step: step as number, train: train as number, test: test as number });
    }
  }

  add({ message, trainLoss, testLoss }: Frame): void {
    const { step } = message;
    while (this.rows.length > 0 && (this.rows.at(-1) as Row).step >= step) this.rows.pop();
    this.rows.push({ step, train: trainLoss, test: testLoss });
    if (this.rows.length > MAX_POINTS) this.rows = this.rows.filter((_, index) => index % 2 === 0);
  }

  /** Reads size and colours, which forces a layout, so that it is not for each frame. */
  resize(): void {
    this.width = this.canvas.clientWidth;
    this.theme = readTheme(this.element);
    this.font = getComputedStyle(this.element).fontFamily;
  }

  /** Draws a frame of many if the last drawing is long enough ago. */
  drawIfDue(): void {
    if (performance.now() - this.drawnAt >= REST_MS) this.draw();
  }

  draw(): void {
    this.drawnAt = performance.now();
    const last = this.rows.at(-1);
    if (!last) return;
    const shown = this.cursor === null ? last : this.nearest(this.cursor * last.step);
    setText(this.train, formatValue(shown.train));
    setText(this.test, formatValue(shown.test));
    setText(this.end, `step ${formatCount(last.step)}`);
    setText(this.at, this.cursor === null ? "" : `at step ${formatCount(shown.step)}`);
    if (this.width === 0) this.resize();
    const { theme, width } = this;
    if (width === 0 || theme === null) return;
    fitCanvas(this.canvas, width, HEIGHT);
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const highest = this.highest();
    context.strokeStyle = theme.gridLine;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, this.canvas.width - 1, this.canvas.height - 1);
    if (this.cursor !== null) this.mark(context, shown.step / (last.step || 1), theme.mutedText);
    this.line(context, (row) => row.test, highest, theme.series[1] as string);
    this.line(context, (row) => row.train, highest, theme.series[0] as string);
    this.label(context, highest, theme.mutedText);
    const label = `Curves of the losses, from 0 to ${formatValue(highest)}`;
    if (this.canvas.ariaLabel !== label) this.canvas.setAttribute("aria-label", label);
  }

  private nearest(step: number): Row {
    const distance = (row: Row) => Math.abs(row.step - step);
    return this.rows.reduce((best, row) => (distance(row) < distance(best) ? row : best));
  }

  private mark(context: CanvasRenderingContext2D, place: number, colour: string): void {
    const { width, height } = context.canvas;
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(place * width, 0);
    context.lineTo(place * width, height);
    context.stroke();
  }

  /** Writes the value of the upper end. */
  private label(context: CanvasRenderingContext2D, highest: number, colour: string): void {
    const ratio = globalThis.devicePixelRatio || 1;
    context.font = `${FONT_SIZE * ratio}px ${this.font}`;
    context.fillStyle = colour;
    context.textBaseline = "top";
    context.textAlign = "right";
    context.fillText(formatValue(highest), context.canvas.width - 5 * ratio, 4 * ratio);
  }

  private highest(): number {
    let highest = 0;
    for (const { train, test } of this.rows) {
      if (Number.isFinite(train)) highest = Math.max(highest, train);
      if (Number.isFinite(test)) highest = Math.max(highest, test);
    }
    return highest || 1;
  }

  private line(
    context: CanvasRenderingContext2D,
    lossOf: (row: Row) => number,
    highest: number,
    colour: string,
  ): void {
    const { width, height } = context.canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    const top = TOP * ratio;
    const last = (this.rows.at(-1) as Row).step || 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    let isDown = false;
    for (const row of this.rows) {
      const value = lossOf(row);
      const [x, y] = [(row.step / last) * width, top + (height - top) * (1 - value / highest)];
      if (!Number.isFinite(value)) isDown = false;
      else if (isDown) context.lineTo(x, y);
      else {
        context.moveTo(x, y);
        isDown = true;
      }
    }
    context.stroke();
  }
}
