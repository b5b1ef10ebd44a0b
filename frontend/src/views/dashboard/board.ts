/** The cards of a dashboard at their places: groups of tabs beside each other, and rows below. */

import { make } from "../../parts/element";
import type { RunSession } from "../../session";
import {
  type Arrangement,
  bringToFront,
  CARD_NAMES,
  type CardName,
  freeGroup,
  frontOf,
  groupOf,
  narrow,
  type Place,
  shiftVisibly,
  shownGroups,
  toggleFolded,
  widen,
} from "./arrangement";
import { CardPlaces } from "./card-places";
import { CARDS } from "./cards";
import { DropTarget } from "./drop-target";
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
  /** Where a dragged card is dropped to become a row, or to be in one more column. */
  private readonly rowTarget = new DropTarget("Drop here for full width", () =>
    this.drop({ group: "rows", before: null }),
  );
  private readonly columnTarget = new DropTarget("Drop here for a column of its own", () =>
    this.drop({ group: this.free() ?? 0, before: null }),
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
    const targets = make("div", { class: "labkit-drop-targets" });
    targets.append(this.columnTarget.element, this.rowTarget.element);
    this.element.append(this.columns, this.handle.element, targets, this.below);
  }

  show(arrangement: Arrangement, columns: number): void {
    this.shown = { arrangement, columns, offered: this.offered() };
    const isOffered = (name: CardName) => this.isOffered(name);
    const shown = shownGroups(arrangement, columns, isOffered);
    while (this.groups.length < shown.length) this.groups.push(this.makeGroup());
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

  private makeGroup(): Group {
    return new Group(this.session, this.places, {
      choose: (name) => this.actions.change((now) => bringToFront(now, name)),
      shift: (name, by) => {
        this.shift(name, by);
        this.focus(name);
      },
      widen: (name) => this.actions.change((now) => widen(now, name)),
      drag: (name) => this.drag(name),
      drop: (before, last) => this.drop({ group: this.groupWith(last), before }),
    });
  }

  private makeRow(name: CardName): Row {
    const row = new Row(name, this.places, {
      toggle: (card) => this.actions.change((now) => toggleFolded(now, card)),
      narrow: (card) => this.actions.change((now) => narrow(now, card)),
      shift: (card, by) => this.shift(card, by),
      drag: (card) => this.drag(card),
      drop: (before) => this.drop({ group: "rows", before }),
    });
    this.rows.set(name, row);
    return row;
  }

  private drag(name: CardName | null): void {
    this.dragged = name;
    this.rowTarget.element.hidden = name === null;
    this.columnTarget.element.hidden = name === null || this.free() === null;
  }

  /** Moves a card by one place, to the front. */
  private shift(name: CardName, by: -1 | 1): void {
    const columns = this.shown?.columns ?? 1;
    const isOffered = (card: CardName) => this.isOffered(card);
    this.actions.change((now) =>
      bringToFront(shiftVisibly(now, name, by, columns, isOffered), name),
    );
  }

  private focus(name: CardName): void {
    this.columns.querySelector<HTMLElement>(`[data-labkit-tab="${name}"]`)?.focus();
  }

  private groupWith(name: CardName | undefined): number {
    return name && this.shown ? Math.max(0, groupOf(this.shown.arrangement, name)) : 0;
  }

  private free(): number | null {
    const { shown } = this;
    return shown && freeGroup(shown.arrangement, shown.columns, (name) => this.isOffered(name));
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
