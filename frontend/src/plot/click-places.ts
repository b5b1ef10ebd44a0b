/** Which clicks on a figure belong to a double click: those at the same place only. */

import type { PlotClick, PlotElement } from "./plotly";

/** Distance of two presses in px up to which they can be a double click. */
const SAME_PLACE = 6;

export class ClickPlaces {
  private place: { readonly x: number; readonly y: number } | null = null;
  private isElsewhere = false;

  constructor(private readonly canvas: PlotElement) {
    canvas.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
  }

  /** Whether a click is the second one of a double click. */
  isRepeated({ detail }: PlotClick["event"]): boolean {
    return detail > 1 && !this.isElsewhere;
  }

  private press({ clientX: x, clientY: y }: PointerEvent): void {
    const { place } = this;
    this.place = { x, y };
    this.isElsewhere = place !== null && Math.hypot(x - place.x, y - place.y) > SAME_PLACE;
    // Plotly regards the time between two presses, not their distance.
    if (this.isElsewhere) this.canvas._mouseDownTime = 0;
  }
}
