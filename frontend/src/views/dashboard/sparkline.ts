/** The losses as small curves without axes, with the cursor: the compact form of a dashboard. */

import { CursorNote } from "../../parts/cursor-note";
import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { LiveDrawing } from "../../parts/live-drawing";
import { decimate } from "../../plot/decimate";
import { pointAt } from "../../plot/extremes";
import type { Points, RunSession } from "../../session";
import { CursorKeys } from "../curves/cursor-keys";

const SLICES_PER_PX = 0.5;
const PADDING = 3;

export class Sparkline {
  readonly element: HTMLElement;
  private readonly canvas = make("canvas", { class: "labkit-sparkline", role: "img" });
  private readonly value = make("span");
  private readonly note: CursorNote;
  private readonly keys: CursorKeys;
  private readonly live: LiveDrawing;
  /** The first and the last step of the curves. */
  private range: readonly [number, number] = [0, 0];

  constructor(private readonly session: RunSession) {
    this.canvas.setAttribute("aria-label", "Curve of the loss");
    this.canvas.title = "A click shows the values at a step";
    this.note = new CursorNote(session);
    this.keys = this.makeKeys();
    this.canvas.addEventListener("click", ({ offsetX }) => this.click(offsetX));
    this.element = make(
      "div",
      { class: "labkit-compact-stage" },
      this.canvas,
      this.keys.element,
      make("div", { class: "labkit-compact-note" }, this.value, this.note.element),
    );
    this.live = new LiveDrawing(this.element, session, () => this.draw(), "every frame");
  }

  private makeKeys(): CursorKeys {
    const { session } = this;
    const cursors = {
      get cursor() {
        return session.cursor;
      },
      second: null,
      steps: () => this.points()[0]?.steps ?? new Float64Array(0),
      setCursor: (step: number | null) => session.setCursor(step),
      setSecond: () => undefined,
    };
    return new CursorKeys(cursors, "Cursor: arrow keys move it, End follows the newest step");
  }

  /** Moves the cursor to the recorded step that is nearest to a place. */
  private click(x: number): void {
    const [first, last] = this.range;
    const width = this.canvas.clientWidth - 2 * PADDING;
    const step = first + ((x - PADDING) / Math.max(1, width)) * (last - first);
    const points = this.points()[0];
    if (!points) return;
    const found = pointAt(points, Math.max(first, Math.round(step)));
    if (found) this.session.setCursor(found.step);
    this.keys.focusByMouse();
  }

  private points(): Points[] {
    return this.session.tables
      .filter(({ kind }) => kind === "loss")
      .flatMap((table) => table.names.map((_, column) => table.points(column)));
  }

  /** Draws at once, after the size has changed. */
  update(): void {
    this.live.now();
  }

  close(): void {
    this.live.close();
  }

  private draw(): void {
    this.describeCursor();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const context = this.canvas.getContext("2d");
    if (!context || width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const curves = this.curves(width);
    const values = curves.flatMap((curve) => curve.values).filter(Number.isFinite);
    const steps = curves.flatMap((curve) => curve.steps);
    const [low, high] = extent(values);
    const [first, last] = extent(steps);
    this.range = [first, last];
    const placeOf = (step: number) =>
      PADDING + ((width - 2 * PADDING) * (step - first)) / Math.max(1, last - first);
    this.drawCursor(context, placeOf, height);
    curves.forEach((curve, index) => {
      context.beginPath();
      curve.steps.forEach((step, at) => {
        const value = curve.values[at] ?? Number.NaN;
        if (!Number.isFinite(value)) return;
        const y = height - PADDING - ((height - 2 * PADDING) * (value - low)) / (high - low || 1);
        context.lineTo(placeOf(step), y);
      });
      const { series } = this.live.theme;
      context.strokeStyle = series[index % series.length] as string;
      context.lineWidth = 1.5;
      context.stroke();
    });
  }

  private drawCursor(
    context: CanvasRenderingContext2D,
    placeOf: (step: number) => number,
    height: number,
  ): void {
    const { cursor } = this.session;
    if (cursor === null) return;
    context.strokeStyle = this.live.theme.mutedText;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(placeOf(cursor), 0);
    context.lineTo(placeOf(cursor), height);
    context.stroke();
  }

  /** Shows the losses at the cursor. */
  private describeCursor(): void {
    const { cursor } = this.session;
    const values = this.points().flatMap((points) =>
      cursor === null ? [] : (pointAt(points, cursor)?.value ?? []),
    );
    const text = values.length > 0 ? `loss ${values.map(formatValue).join(", ")}` : "";
    setText(this.value, text);
    this.note.update();
    this.keys.update(text);
  }

  private curves(width: number): { readonly steps: number[]; readonly values: number[] }[] {
    const slices = Math.max(50, Math.round(width * SLICES_PER_PX));
    return this.points().map((points) => {
      const chosen = Array.from(decimate(points, slices, null));
      return {
        steps: chosen.map((at) => points.steps[at] as number),
        values: chosen.map((at) => points.values[at] as number),
      };
    });
  }
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
