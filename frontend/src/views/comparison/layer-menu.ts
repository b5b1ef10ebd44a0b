/** The menus that add a series of a parameter or module to the curves. */

import type { TableKind } from "../../messages/tables";
import { make } from "../../parts/element";
import type { ViewSettings } from "../../parts/view-settings";
import { QUANTITIES as OF_MODULES } from "../activations/quantities";
import { QUANTITIES as OF_PARAMETERS } from "../gradients/quantities";
import type { LinkedRun } from "./linked-runs";
import type { LayerSeries } from "./series";

const GROUPS = [
  { label: "Of a parameter", quantities: OF_PARAMETERS },
  { label: "Of a module", quantities: OF_MODULES },
] as const;
const QUANTITY = "comparison quantity";
const LAYER = "comparison layer";

export class LayerMenu {
  readonly element: HTMLElement;
  private readonly quantity = make("select", {
    "aria-label": "Quantity of a layer",
    title: "Also draw a quantity of one parameter or module, for example its gradient norm",
  });
  private readonly layer = make("select", {
    "aria-label": "Parameter or module",
    title: "The parameter or module whose quantity is drawn; a selection in any view chooses it",
  });
  private offeredKinds = "";
  private offeredNames = "";
  /** The selection that was followed last. */
  private followed: string | null = null;

  constructor(
    private readonly settings: ViewSettings,
    changed: () => void,
  ) {
    settings.saveOnChange(this.quantity, QUANTITY);
    settings.saveOnChange(this.layer, LAYER);
    for (const select of [this.quantity, this.layer]) select.addEventListener("change", changed);
    this.element = make("span", { class: "labkit-comparison-layer" }, this.quantity, this.layer);
  }

  /** Updates the menus; returns what is chosen, or null if nothing is. */
  choose(runs: readonly LinkedRun[], selected: string | null): LayerSeries | null {
    const tables = runs.flatMap(({ session }) => session.tables);
    this.offerKinds(new Set(tables.map(({ kind }) => kind)));
    this.element.hidden = this.quantity.options.length < 2;
    const kind = this.quantity.value as TableKind | "";
    this.layer.hidden = kind === "";
    if (kind === "") return null;
    const of = tables.filter((table) => table.kind === kind);
    const names = [...new Set(of.flatMap((table) => table.names))];
    this.offerNames(names);
    this.follow(selected, names);
    const quantity = this.quantity.selectedOptions[0]?.textContent ?? kind;
    return { kind, quantity, name: this.layer.value };
  }

  private offerKinds(kinds: ReadonlySet<TableKind>): void {
    const key = [...kinds].sort().join(" ");
    if (key === this.offeredKinds) return;
    this.offeredKinds = key;
    const chosen = this.quantity.value;
    const groups = GROUPS.map(({ label, quantities }) => {
      const present = quantities.filter(({ kind }) => kinds.has(kind));
      const options = present.map(({ kind, name, explanation }) =>
        make("option", { value: kind, title: explanation }, name),
      );
      return make("optgroup", { label }, ...options);
    });
    const none = make("option", { value: "" }, "Layer…");
    this.quantity.replaceChildren(none, ...groups.filter((group) => group.children.length > 0));
    this.quantity.value = chosen;
    if (this.quantity.value !== chosen) this.quantity.value = "";
    if (chosen === "") this.settings.restore(this.quantity, QUANTITY);
  }

  private offerNames(names: readonly string[]): void {
    const key = names.join("\n");
    if (key === this.offeredNames) return;
    this.offeredNames = key;
    const chosen = this.layer.value;
    const options = names.map((name) => make("option", { value: name }, name || "(model)"));
    this.layer.replaceChildren(...options);
    if (names.includes(chosen)) this.layer.value = chosen;
    else this.settings.restore(this.layer, LAYER);
  }

  /** Chooses the selected parameter or module, once for each selection. */
  private follow(selected: string | null, names: readonly string[]): void {
    if (selected === this.followed) return;
    this.followed = selected;
    if (selected !== null && names.includes(selected)) this.layer.value = selected;
  }
}
