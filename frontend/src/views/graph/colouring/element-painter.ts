/** Sets the colours of boxes and arrows, and changes only elements with a new colour. */

import { LogColourScale } from "./log-colour-scale";

const PROPERTY = "--labkit-heat";

export class ElementPainter {
  private readonly scales = new Map<string, LogColourScale>();
  private readonly painted = new WeakMap<Element, string>();

  /** Returns the colour scale of a quantity, by its id. */
  scale(id: string): LogColourScale {
    const known = this.scales.get(id) ?? new LogColourScale();
    this.scales.set(id, known);
    return known;
  }

  /** Colours an element by its value; null removes the colour. */
  paint(element: SVGElement, value: number | null, scale: LogColourScale | null): void {
    const broken = value !== null && !Number.isFinite(value);
    const colour = value === null ? null : (scale?.colour(value) ?? null);
    const paint = broken ? "broken" : (colour ?? "");
    if (this.painted.get(element) === paint) return;
    this.painted.set(element, paint);
    element.classList.toggle("labkit-graph-broken", broken);
    element.classList.toggle("labkit-graph-coloured", colour !== null);
    if (colour === null) element.style.removeProperty(PROPERTY);
    else element.style.setProperty(PROPERTY, colour);
  }
}
