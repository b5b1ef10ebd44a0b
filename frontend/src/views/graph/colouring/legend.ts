/** The menu of quantities for colouring, and the colour scale of the selected one. */

import { PALETTE } from "../../../parts/palette";
import { html } from "../drawing/elements";
import type { DecadeRange } from "./log-colour-scale";
import type { Quantity } from "./quantities";

export class Legend {
  readonly element = html("div", { class: "labkit-graph-legend" });
  private readonly choice = html("select", { "aria-label": "Colour by" });
  private readonly scale = html("span", { class: "labkit-graph-scale-group", role: "img" });
  private readonly low = html("span");
  private readonly high = html("span");
  private offered = "";

  /** `choose` receives the id of a quantity, "" for none. */
  constructor(choose: (id: string) => void) {
    const bar = html("span", { class: "labkit-graph-scale" });
    bar.style.background = `linear-gradient(to right, ${PALETTE.join(", ")})`;
    this.scale.append(this.low, bar, this.high);
    this.choice.addEventListener("change", () => choose(this.choice.value));
    this.element.append(this.choice, this.scale);
    this.element.hidden = true;
  }

  show(quantities: readonly Quantity[], shown: Quantity | null, decades: DecadeRange | null): void {
    this.element.hidden = quantities.length === 0;
    this.offer(quantities);
    this.choice.value = shown?.id ?? "";
    this.choice.title = shown ? `Colours: ${shown.explanation}` : "What the colours are to show";
    this.scale.hidden = decades === null;
    if (!decades || !shown) return;
    this.low.textContent = shown.formatPower(decades.low);
    this.high.textContent = shown.formatPower(decades.high);
    const range = `from ${this.low.textContent} to ${this.high.textContent}`;
    this.scale.setAttribute("aria-label", `${shown.name} ${range}, logarithmic`);
  }

  /** Fills the menu only if its entries change, because that closes an open menu. */
  private offer(quantities: readonly Quantity[]): void {
    const key = quantities.map(({ id }) => id).join();
    if (key === this.offered) return;
    this.offered = key;
    const entries = quantities.map(({ id, name }) => html("option", { value: id }, name));
    this.choice.replaceChildren(html("option", { value: "" }, "No colours"), ...entries);
  }
}
