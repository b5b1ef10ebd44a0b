/** The course of a loss as a small curve without axes. */

import type { Outline } from "./run-entry";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 84;
const HEIGHT = 20;
const PADDING = 2;

export class OutlineDrawing {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly line = document.createElementNS(SVG, "polyline");
  private drawn: Outline | null = null;

  constructor() {
    this.element.setAttribute("class", "labkit-runs-outline");
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", "Course of the loss");
    this.element.append(this.line);
  }

  update(outline: Outline): void {
    if (outline === this.drawn) return;
    this.drawn = outline;
    const { places, values } = outline;
    this.element.toggleAttribute("hidden", values.length < 2);
    const low = Math.min(...values);
    const height = Math.max(...values) - low || 1;
    const points = Array.from(values, (value, at) => {
      const x = PADDING + (WIDTH - 2 * PADDING) * (places[at] ?? 0);
      const y = HEIGHT - PADDING - ((HEIGHT - 2 * PADDING) * (value - low)) / height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    this.line.setAttribute("points", points.join(" "));
  }
}
