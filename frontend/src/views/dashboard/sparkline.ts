/** The losses as small curves without axes: the compact form of a dashboard. */

import { make } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { decimate } from "../../plot/decimate";
import type { RunSession } from "../../session";

const SLICES_PER_PX = 0.5;
const PADDING = 3;

export class Sparkline {
  readonly element = make("canvas", { class: "labkit-sparkline", role: "img" });
  private readonly live: LiveDrawing;

  constructor(private readonly session: RunSession) {
    this.element.setAttribute("aria-label", "Curve of the loss");
    this.live = new LiveDrawing(this.element, session, () => this.draw(), "every frame");
  }

  /** Draws at once, after the size has changed. */
  update(): void {
    this.live.now();
  }

  close(): void {
    this.live.close();
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const context = this.element.getContext("2d");
    if (!context || width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    this.element.width = Math.round(width * ratio);
    this.element.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const curves = this.curves(width);
    const values = curves.flatMap((curve) => curve.values).filter(Number.isFinite);
    const steps = curves.flatMap((curve) => curve.steps);
    const [low, high] = extent(values);
    const [first, last] = extent(steps);
    curves.forEach((curve, index) => {
      context.beginPath();
      curve.steps.forEach((step, at) => {
        const value = curve.values[at] ?? Number.NaN;
        if (!Number.isFinite(value)) return;
        const x = PADDING + ((width - 2 * PADDING) * (step - first)) / Math.max(1, last - first);
        const y = height - PADDING - ((height - 2 * PADDING) * (value - low)) / (high - low || 1);
        context.lineTo(x, y);
      });
      const { series } = this.live.theme;
      context.strokeStyle = series[index % series.length] as string;
      context.lineWidth = 1.5;
      context.stroke();
    });
  }

  private curves(width: number): { readonly steps: number[]; readonly values: number[] }[] {
    const slices = Math.max(50, Math.round(width * SLICES_PER_PX));
    return this.session.tables
      .filter(({ kind }) => kind === "loss")
      .flatMap((table) =>
        table.names.map((_, column) => {
          const points = table.points(column);
          const chosen = Array.from(decimate(points, slices, null));
          return {
            steps: chosen.map((at) => points.steps[at] as number),
            values: chosen.map((at) => points.values[at] as number),
          };
        }),
      );
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
