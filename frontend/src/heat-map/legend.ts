/** The colour scale of the heat map, with the values of its ends. */

import { make } from "../parts/element";
import type { SpecialCells } from "./cells";
import { type ColourScale, colourAt, NOT_FINITE_COLOUR, zeroColour } from "./scale";

const STOPS = 10;

export class HeatLegend {
  readonly element = make("div", { class: "labkit-heat-legend" });
  private shown = "";

  show(scale: ColourScale, dark: boolean, { zero, notFinite }: SpecialCells): void {
    const key = `${scale.label(scale.low)} ${scale.label(scale.high)} ${dark} ${zero} ${notFinite}`;
    if (key === this.shown) return;
    this.shown = key;
    const palette = scale.palette(dark);
    const stops = Array.from({ length: STOPS + 1 }, (_, index) => colourAt(index / STOPS, palette));
    const bar = make("span", { class: "labkit-heat-bar" });
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const [low, high] = [scale.label(scale.low), scale.label(scale.high)];
    this.element.replaceChildren(
      ...(scale.hasRange ? [make("span", {}, low), bar, make("span", {}, high)] : []),
    );
    if (zero) this.element.append(swatch(zeroColour(dark), "zero"));
    if (notFinite) this.element.append(swatch(NOT_FINITE_COLOUR, "NaN or ∞"));
  }
}

function swatch(colour: string, text: string): HTMLElement {
  const patch = make("span", { class: "labkit-swatch" });
  patch.style.background = colour;
  return make("span", { class: "labkit-heat-key" }, patch, text);
}
