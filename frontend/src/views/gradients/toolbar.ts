/** The controls of the gradients: the quantity, and the kind of plot. */

import { make } from "../../parts/element";
import type { ViewSettings } from "../../parts/view-settings";
import { type ParameterKind, QUANTITIES } from "./quantities";

export type Mode = "heat" | "lines" | "ridge";

const MODES: readonly (readonly [Mode, name: string, explanation: string])[] = [
  ["heat", "Heat map", "One row of colours per parameter, in forward order"],
  [
    "lines",
    "Lines",
    "One line per parameter, averaged over neighbouring steps, on a logarithmic axis",
  ],
  [
    "ridge",
    "Histograms",
    "How the elements of each parameter's gradient are distributed, at the step that is looked at",
  ],
];

export class GradientsToolbar {
  readonly element = make("div", { class: "labkit-toolbar" });
  mode: Mode;
  private readonly select = make("select", { "aria-label": "Quantity" });
  private readonly buttons: readonly (readonly [Mode, HTMLButtonElement])[];
  private offered = "";

  constructor(
    private readonly changed: () => void,
    extra: HTMLElement,
    private readonly settings: ViewSettings,
  ) {
    this.mode = MODES.find(([mode]) => mode === settings.get("gradients mode"))?.[0] ?? "heat";
    settings.saveOnChange(this.select, "gradients quantity");
    this.buttons = MODES.map(([mode, name, title]) => {
      const button = make("button", { type: "button", class: "labkit-chip", title }, name);
      button.addEventListener("click", () => this.choose(mode));
      return [mode, button];
    });
    this.select.addEventListener("change", () => this.explainAndNotify());
    const modes = make("div", { class: "labkit-chips", role: "group", "aria-label": "Drawn as" });
    modes.append(...this.buttons.map(([, button]) => button));
    this.element.append(this.select, modes, extra);
    this.press();
  }

  /** The selected quantity; null if there is none. */
  get kind(): ParameterKind | null {
    return QUANTITIES.find(({ kind }) => kind === this.select.value)?.kind ?? null;
  }

  /** Updates the menu of quantities. */
  offer(kinds: readonly ParameterKind[]): void {
    const key = kinds.join(" ");
    this.select.hidden = kinds.length === 0 || this.mode === "ridge";
    if (key === this.offered) return;
    this.offered = key;
    const chosen = this.select.value;
    const present = QUANTITIES.filter(({ kind }) => kinds.includes(kind));
    this.select.replaceChildren(
      ...present.map(({ kind, name, explanation }) =>
        make("option", { value: kind, title: explanation }, name),
      ),
    );
    if (kinds.some((kind) => kind === chosen)) this.select.value = chosen;
    else this.settings.restore(this.select, "gradients quantity");
    this.explain();
  }

  /** Selects a quantity of the menu. */
  show(kind: ParameterKind): void {
    this.select.value = kind;
    this.settings.set("gradients quantity", kind);
    this.explain();
  }

  private choose(mode: Mode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.settings.set("gradients mode", mode);
    this.press();
    this.changed();
  }

  private press(): void {
    for (const [mode, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(mode === this.mode));
    }
  }

  private explainAndNotify(): void {
    this.explain();
    this.changed();
  }

  private explain(): void {
    const chosen = QUANTITIES.find(({ kind }) => kind === this.select.value);
    this.select.title = chosen?.explanation ?? "";
  }
}
