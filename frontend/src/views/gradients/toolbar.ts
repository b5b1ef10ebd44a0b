/** What a person can choose about the gradients: the quantity, and how it is drawn. */

import { make } from "../parts/element";
import { type ParameterKind, QUANTITIES } from "./quantities";

export class GradientsToolbar {
  readonly element = make("div", { class: "labkit-toolbar" });
  lines = false;
  private readonly select = make("select", { "aria-label": "Quantity" });
  private readonly modes: readonly (readonly [HTMLButtonElement, boolean])[];
  private offered = "";

  constructor(
    private readonly changed: () => void,
    extra: HTMLElement,
  ) {
    this.modes = [
      [modeButton("Heat map", "One row of colours per parameter, in forward order"), false],
      [
        modeButton(
          "Lines",
          "One line per parameter, averaged over neighbouring steps, on a logarithmic axis",
        ),
        true,
      ],
    ];
    for (const [button, lines] of this.modes) {
      button.addEventListener("click", () => this.choose(lines));
    }
    this.select.addEventListener("change", () => this.announce());
    const modes = make("div", { class: "labkit-chips", role: "group", "aria-label": "Drawn as" });
    modes.append(...this.modes.map(([button]) => button));
    this.element.append(this.select, modes, extra);
    this.choose(false);
  }

  /** The quantity that is chosen; null while there is none. */
  get kind(): ParameterKind | null {
    return QUANTITIES.find(([kind]) => kind === this.select.value)?.[0] ?? null;
  }

  /** Offers the quantities that the run has. */
  offer(kinds: readonly ParameterKind[]): void {
    const key = kinds.join(" ");
    this.select.hidden = kinds.length === 0;
    if (key === this.offered) return;
    this.offered = key;
    const chosen = this.select.value;
    const present = QUANTITIES.filter(([kind]) => kinds.includes(kind));
    this.select.replaceChildren(
      ...present.map(([kind, name, words]) => make("option", { value: kind, title: words }, name)),
    );
    if (kinds.some((kind) => kind === chosen)) this.select.value = chosen;
    this.explain();
  }

  private choose(lines: boolean): void {
    const changed = lines !== this.lines;
    this.lines = lines;
    for (const [button, each] of this.modes) {
      button.setAttribute("aria-pressed", String(each === lines));
    }
    if (changed) this.changed();
  }

  private announce(): void {
    this.explain();
    this.changed();
  }

  private explain(): void {
    const chosen = QUANTITIES.find(([kind]) => kind === this.select.value);
    this.select.title = chosen?.[2] ?? "";
  }
}

function modeButton(name: string, explanation: string): HTMLButtonElement {
  return make("button", { type: "button", class: "labkit-chip", title: explanation }, name);
}
