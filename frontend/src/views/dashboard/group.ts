/** A group of cards of which one is in front, with a strip of tabs (ARIA's tabs pattern). */

import { make, setText } from "../../parts/element";
import { icon } from "../../parts/icon";
import type { RunSession } from "../../session";
import type { CardName } from "./arrangement";
import type { CardPlaces } from "./card-places";
import { CARDS } from "./cards";

/** What a group asks of the dashboard. */
export interface GroupActions {
  readonly choose: (name: CardName) => void;
  /** Moves a card, and focuses its tab, which may then be in another group. */
  readonly shift: (name: CardName, by: -1 | 1) => void;
  readonly widen: (name: CardName) => void;
  /** Called with the card that is dragged; null when the drag has ended. */
  readonly drag: (name: CardName | null) => void;
  /** Puts the dragged card before another one of this group, or after its last one. */
  readonly drop: (before: CardName | null, last: CardName | undefined) => void;
}

let groupCount = 0;

export class Group {
  readonly element: HTMLElement;
  private readonly strip = make("div", { class: "labkit-tabs", role: "tablist" });
  private readonly widenButton = make("button", {
    type: "button",
    class: "labkit-icon-button",
    "aria-label": "Widen",
  });
  private readonly panel: HTMLElement;
  private readonly tabs = new Map<CardName, HTMLButtonElement>();
  private cards: readonly CardName[] = [];
  private front: CardName | undefined;

  constructor(
    private readonly session: RunSession,
    private readonly places: CardPlaces,
    private readonly actions: GroupActions,
  ) {
    groupCount += 1;
    const id = `labkit-group-${groupCount}`;
    this.panel = make("div", { class: "labkit-group-panel", role: "tabpanel", id, tabindex: "0" });
    this.widenButton.append(icon("widen"));
    this.widenButton.addEventListener("click", () => this.front && actions.widen(this.front));
    const head = make("div", { class: "labkit-group-head" }, this.strip, this.widenButton);
    this.element = make("section", { class: "labkit-group" }, head, this.panel);
    this.strip.addEventListener("keydown", (event) => this.onKey(event));
    this.strip.addEventListener("dragover", (event) => event.preventDefault());
    this.strip.addEventListener("drop", (event) => {
      event.preventDefault();
      actions.drop(this.tabAt(event.target), this.cards.at(-1));
    });
  }

  /** Shows these cards, one of them in front. */
  show(cards: readonly CardName[], front: CardName | undefined): void {
    if (cards.join() !== this.cards.join()) {
      this.strip.replaceChildren(...cards.map((name) => this.tab(name)));
      this.cards = cards;
    }
    for (const name of cards) {
      const tab = this.tab(name);
      tab.setAttribute("aria-selected", String(name === front));
      tab.tabIndex = name === front ? 0 : -1;
    }
    this.front = front;
    if (front) {
      this.places.put(front, this.panel);
      const { title } = CARDS[front];
      this.panel.setAttribute("aria-label", title);
      this.widenButton.title = `Put “${title}” at full width below`;
    }
    this.updateCounts();
  }

  updateCounts(): void {
    for (const name of this.cards) {
      const count = CARDS[name].count?.(this.session) ?? 0;
      const badge = this.tab(name).querySelector<HTMLElement>(".labkit-tab-count");
      if (!badge) continue;
      badge.hidden = count === 0;
      setText(badge, count === 0 ? "" : String(count));
    }
  }

  focus(name: CardName): void {
    this.tabs.get(name)?.focus();
  }

  private tab(name: CardName): HTMLButtonElement {
    const known = this.tabs.get(name);
    if (known) return known;
    const { title, explanation } = CARDS[name];
    const tab = make(
      "button",
      {
        type: "button",
        class: "labkit-tab",
        role: "tab",
        draggable: "true",
        title: `${explanation} Drag to move it.`,
        "aria-controls": this.panel.id,
        "data-labkit-tab": name,
      },
      title,
      make("span", { class: "labkit-tab-count", hidden: "" }),
    );
    tab.addEventListener("click", () => this.actions.choose(name));
    tab.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", title);
      this.actions.drag(name);
    });
    tab.addEventListener("dragend", () => this.actions.drag(null));
    this.tabs.set(name, tab);
    return tab;
  }

  private tabAt(target: EventTarget | null): CardName | null {
    const tab = (target as Element | null)?.closest?.("[data-labkit-tab]");
    return this.cards.find((name) => this.tabs.get(name) === tab) ?? null;
  }

  private onKey(event: KeyboardEvent): void {
    const name = this.tabAt(event.target);
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : null;
    if (name === null) return;
    const at = this.cards.indexOf(name);
    let next: CardName | undefined;
    if (event.key === "Home") next = this.cards[0];
    else if (event.key === "End") next = this.cards.at(-1);
    else if (by !== null) next = this.cards[(at + by + this.cards.length) % this.cards.length];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (by !== null && event.ctrlKey && event.shiftKey) {
      this.actions.shift(name, by);
      return;
    }
    this.actions.choose(next);
    this.focus(next);
  }
}
