/** The cards of a dashboard at their places: groups of tabs beside each other, and rows below. */

import { make } from "../../parts/element";
import type { RunSession } from "../../session";
import {
  type Arrangement,
  bringToFront,
  CARD_NAMES,
  type CardName,
  frontOf,
  narrow,
  type Place,
  shift,
  shownGroups,
  toggleFolded,
  widen,
} from "./arrangement";
import { CardPlaces } from "./card-places";
import { CARDS } from "./cards";
import { Group } from "./group";
import { HeightHandle } from "./height-handle";
import { Row } from "./row";

export interface BoardActions {
  /** Changes the arrangement. */
  readonly change: (change: (arrangement: Arrangement) => Arrangement) => void;
  readonly place: (name: CardName, place: Place) => void;
  readonly resize: (height: number) => void;
}

export class Board {
  readonly element = make("div", { class: "labkit-board" });
  private readonly columns = make("div", { class: "labkit-groups" });
  private readonly handle: HeightHandle;
  private readonly below = make("div", { class: "labkit-rows" });
  /** Where a dragged card is dropped to become a row; shown during a drag. */
  private readonly target = make(
    "div",
    { class: "labkit-drop-target" },
    "Drop here for full width",
  );
  private readonly places: CardPlaces;
  private readonly groups: Group[] = [];
  private readonly rows = new Map<CardName, Row>();
  private dragged: CardName | null = null;
  private shown: {
    readonly arrangement: Arrangement;
    readonly columns: number;
    readonly offered: string;
  } | null = null;

  constructor(
    private readonly session: RunSession,
    private readonly actions: BoardActions,
  ) {
    this.places = new CardPlaces(session);
    this.handle = new HeightHandle(actions.resize);
    this.target.hidden = true;
    this.target.addEventListener("dragover", (event) => event.preventDefault());
    this.target.addEventListener("drop", (event) => {
      event.preventDefault();
      this.drop({ group: "rows", before: null });
    });
    this.element.append(this.columns, this.handle.element, this.target, this.below);
  }

  show(arrangement: Arrangement, columns: number): void {
    this.shown = { arrangement, columns, offered: this.offered() };
    const isOffered = (name: CardName) => this.isOffered(name);
    const shown = shownGroups(arrangement, columns, isOffered);
    while (this.groups.length < shown.length) this.groups.push(this.makeGroup(this.groups.length));
    const elements = shown.map(({ cards }, index) => {
      const group = this.groups[index] as Group;
      group.show(cards, frontOf(arrangement, cards));
      return group.element;
    });
    replaceChildren(this.columns, elements);
    this.columns.style.setProperty("--labkit-columns", String(Math.min(columns, shown.length)));
    this.columns.classList.toggle("labkit-stacked", columns === 1 && shown.length > 1);
    this.element.style.setProperty("--labkit-board-height", `${arrangement.height}px`);
    this.handle.show(arrangement.height);
    this.handle.element.hidden = shown.length === 0;
    const rows = arrangement.rows.filter(isOffered).map((name) => {
      const row = this.rows.get(name) ?? this.makeRow(name);
      row.show(arrangement.folded.includes(name));
      return row.element;
    });
    replaceChildren(this.below, rows);
  }

  /** Updates what the tabs show of the run, and which cards are offered. */
  update(): void {
    const { shown } = this;
    if (shown && shown.offered !== this.offered()) this.show(shown.arrangement, shown.columns);
    for (const group of this.groups) group.updateCounts();
  }

  /** Returns the element of a card that has been shown. */
  card(name: CardName): HTMLElement | undefined {
    return this.places.get(name);
  }

  close(): void {
    this.places.close();
  }

  private isOffered(name: CardName): boolean {
    return CARDS[name].isOffered?.(this.session) ?? true;
  }

  /** Returns the names of the cards that are offered. */
  private offered(): string {
    return CARD_NAMES.filter((name) => this.isOffered(name)).join();
  }

  private makeGroup(index: number): Group {
    return new Group(this.session, this.places, {
      choose: (name) => this.actions.change((now) => bringToFront(now, name)),
      shift: (name, by) => this.actions.change((now) => shift(now, name, by)),
      widen: (name) => this.actions.change((now) => widen(now, name)),
      drag: (name) => this.drag(name),
      drop: (before) => this.drop({ group: index, before }),
    });
  }

  private makeRow(name: CardName): Row {
    const row = new Row(name, this.places, {
      toggle: (card) => this.actions.change((now) => toggleFolded(now, card)),
      narrow: (card) => this.actions.change((now) => narrow(now, card)),
      shift: (card, by) => this.actions.change((now) => shift(now, card, by)),
      drag: (card) => this.drag(card),
      drop: (before) => this.drop({ group: "rows", before }),
    });
    this.rows.set(name, row);
    return row;
  }

  private drag(name: CardName | null): void {
    this.dragged = name;
    this.target.hidden = name === null;
  }

  private drop(place: Place): void {
    const { dragged } = this;
    this.drag(null);
    if (dragged) this.actions.place(dragged, place);
  }
}

/** Replaces the children only if they differ, so that the focus and scroll positions remain. */
function replaceChildren(parent: HTMLElement, wanted: readonly HTMLElement[]): void {
  const same = wanted.length === parent.children.length;
  if (!same || wanted.some((each, index) => parent.children[index] !== each)) {
    parent.replaceChildren(...wanted);
  }
}
