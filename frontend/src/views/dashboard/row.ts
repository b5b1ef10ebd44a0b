/** A card at full width below the groups, which can be folded. */

import { make, setText } from "../../parts/element";
import { icon } from "../../parts/icon";
import type { CardName } from "./arrangement";
import type { CardPlaces } from "./card-places";
import { CARDS } from "./cards";

export interface RowActions {
  readonly toggle: (name: CardName) => void;
  readonly narrow: (name: CardName) => void;
  readonly shift: (name: CardName, by: -1 | 1) => void;
  readonly drag: (name: CardName | null) => void;
  /** Puts the dragged card above this one. */
  readonly drop: (before: CardName) => void;
}

export class Row {
  readonly element: HTMLElement;
  private readonly fold = make("button", { type: "button", class: "labkit-row-title" });
  private readonly sign = make("span", { "aria-hidden": "true" });
  private readonly body = make("div", { class: "labkit-row-body" });

  constructor(
    readonly name: CardName,
    private readonly places: CardPlaces,
    actions: RowActions,
  ) {
    const { title, explanation } = CARDS[name];
    this.fold.append(this.sign, title);
    this.fold.title = `${explanation} Click to fold, drag to move.`;
    this.fold.draggable = true;
    this.fold.addEventListener("click", () => actions.toggle(name));
    this.fold.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", title);
      actions.drag(name);
    });
    this.fold.addEventListener("dragend", () => actions.drag(null));
    this.fold.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : null;
      if (by === null || !event.ctrlKey || !event.shiftKey) return;
      event.preventDefault();
      actions.shift(name, by);
      this.fold.focus();
    });
    const back = make(
      "button",
      {
        type: "button",
        class: "labkit-icon-button",
        "aria-label": "Back to the tabs",
        title: `Put “${title}” back to the tabs`,
      },
      icon("narrow"),
    );
    back.addEventListener("click", () => actions.narrow(name));
    const head = make("div", { class: "labkit-group-head" }, this.fold, back);
    this.element = make("section", { class: "labkit-row", "aria-label": title }, head, this.body);
    head.addEventListener("dragover", (event) => event.preventDefault());
    head.addEventListener("drop", (event) => {
      event.preventDefault();
      actions.drop(name);
    });
  }

  show(isFolded: boolean): void {
    this.fold.setAttribute("aria-expanded", String(!isFolded));
    setText(this.sign, isFolded ? "▸ " : "▾ ");
    this.body.hidden = isFolded;
    if (!isFolded) this.places.put(this.name, this.body);
  }
}
