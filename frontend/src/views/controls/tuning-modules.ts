/** Freezes and thaws modules, which are selected by their path. */

import type { ModuleFacts } from "../../messages/tuning";
import { make } from "../../parts/element";
import { shortenPath } from "../../parts/format";
import { innermostAround, pathOf } from "../../parts/selection";
import type { ChangeSender } from "./change-sender";

const MAX_LENGTH = 40;

export class ModuleFreezer {
  readonly element: HTMLElement;
  private readonly select = make("select", { "aria-label": "Module to freeze or thaw" });
  private readonly freeze = make("button", { type: "button", class: "labkit-button" }, "Freeze");
  private readonly thaw = make(
    "button",
    {
      type: "button",
      class: "labkit-button",
      title: "Train the parameters again that were frozen here.",
    },
    "Thaw",
  );
  private modules: readonly ModuleFacts[] = [];
  private isOpen = false;
  /** The selection whose module was chosen last. */
  private followed: string | null = null;

  constructor(private readonly sender: ChangeSender) {
    this.element = make(
      "div",
      { class: "labkit-tuning-row" },
      make(
        "span",
        {
          class: "labkit-tuning-name",
          title:
            "A frozen module is not trained: neither gradients nor momentum nor weight decay move " +
            "its parameters. Batch normalisation goes on updating its running statistics.",
        },
        "Module",
      ),
      this.select,
      this.freeze,
      this.thaw,
    );
    this.select.addEventListener("change", () => this.showActions());
    this.freeze.addEventListener("click", () => this.send(true));
    this.thaw.addEventListener("click", () => this.send(false));
  }

  /** `selected` is what is selected in all views; its module is chosen, once for each selection. */
  update(modules: readonly ModuleFacts[], isOpen: boolean, selected: string | null): void {
    this.element.hidden = modules.length === 0;
    this.isOpen = isOpen;
    if (modules !== this.modules) {
      const { value } = this.select;
      this.modules = modules;
      this.select.replaceChildren(
        ...modules.map((module) => make("option", { value: module.path }, optionText(module))),
      );
      if (modules.some(({ path }) => path === value)) this.select.value = value;
    }
    if (selected !== this.followed) this.follow(selected);
    this.select.disabled = !isOpen;
    this.showActions();
  }

  private follow(selected: string | null): void {
    this.followed = selected;
    if (selected === null) return;
    const paths = this.modules.map(({ path }) => path);
    const path = pathOf(selected);
    const found = paths.includes(path) ? path : innermostAround(paths, path);
    if (found !== null) this.select.value = found;
  }

  private send(frozen: boolean): void {
    this.sender.send({ type: "freeze", module: this.select.value, frozen });
  }

  private showActions(): void {
    const module = this.modules.find(({ path }) => path === this.select.value);
    const isTrained = module !== undefined && module.frozen < module.parameters;
    this.freeze.disabled = !this.isOpen || !isTrained;
    this.freeze.title =
      module && !isTrained && module.frozen_here === 0
        ? "The loop itself has frozen this module, so labkit does not thaw it."
        : "Stop the training of this module's parameters.";
    this.thaw.hidden = module === undefined || module.frozen_here === 0;
    this.thaw.disabled = !this.isOpen;
  }
}

/** Returns the path with the state: "encoder (frozen)". */
export function optionText({ path, parameters, frozen }: ModuleFacts): string {
  const name = shortenPath(path, MAX_LENGTH);
  if (frozen === 0) return name;
  return `${name} (${frozen === parameters ? "frozen" : "partly frozen"})`;
}
