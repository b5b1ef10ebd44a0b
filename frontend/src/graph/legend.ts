/** What the colours mean. */

import { html } from "./elements";
import { type Decades, PALETTE } from "./heat";

export class Legend {
  readonly element = html("div", { class: "labkit-graph-legend", role: "img" });
  private readonly low = html("span");
  private readonly high = html("span");

  constructor() {
    const bar = html("span", { class: "labkit-graph-scale" });
    bar.style.background = `linear-gradient(to right, ${PALETTE.join(", ")})`;
    this.element.append(html("span", {}, "Gradient norm"), this.low, bar, this.high);
    this.element.hidden = true;
  }

  show(decades: Decades | null): void {
    this.element.hidden = decades === null;
    if (!decades) return;
    this.low.textContent = powerOfTen(decades.low);
    this.high.textContent = powerOfTen(decades.high);
    const label = `Colours: gradient norm from 1e${decades.low} to 1e${decades.high}, logarithmic`;
    this.element.setAttribute("aria-label", label);
  }
}

function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}
