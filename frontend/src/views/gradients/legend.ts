/** What the heat map's colours mean, with numbers. */

import { make } from "../parts/element";
import type { Occurring } from "./cells";
import { BROKEN_COLOUR, type Decades, shadeAt, zeroColour } from "./scale";

const STOPS = 10;

export class HeatLegend {
  readonly element = make("div", { class: "labkit-heat-legend" });
  private shown = "";

  show(decades: Decades, dark: boolean, { zero, broken }: Occurring): void {
    const key = `${decades.low} ${decades.high} ${dark} ${zero} ${broken}`;
    if (key === this.shown) return;
    this.shown = key;
    const stops = Array.from({ length: STOPS + 1 }, (_, index) => shadeAt(index / STOPS));
    const bar = make("span", { class: "labkit-heat-bar" });
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const scale = decades.known
      ? [make("span", {}, power(decades.low)), bar, make("span", {}, power(decades.high))]
      : [];
    this.element.replaceChildren(...scale);
    if (zero) this.element.append(swatch(zeroColour(dark), "zero"));
    if (broken) this.element.append(swatch(BROKEN_COLOUR, "NaN or ∞"));
  }
}

function swatch(colour: string, words: string): HTMLElement {
  const patch = make("span", { class: "labkit-swatch" });
  patch.style.background = colour;
  return make("span", { class: "labkit-heat-key" }, patch, words);
}

function power(exponent: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const text = [...String(Math.abs(exponent))].map((digit) => digits[Number(digit)]).join("");
  return exponent === 0 ? "1" : `10${exponent < 0 ? "⁻" : ""}${text}`;
}
