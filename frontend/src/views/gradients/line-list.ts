/** The legend of the lines: names and values, in a list that scrolls. A click selects a parameter. */

import { FROZEN, hasEnded, type Row } from "../../heat-map/rows";
import { make, setText } from "../../parts/element";
import { formatCount, formatValue, shortenPath } from "../../parts/format";
import { toggleSelection } from "../../parts/selection";
import { valuesAt } from "../../parts/values-at";
import type { RunSession, SeriesTable } from "../../session";

const MAX_LETTERS = 26;
const DIRECTIONS: Readonly<Record<string, -1 | 1>> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
};

interface Entry {
  readonly element: HTMLButtonElement;
  readonly swatch: HTMLElement;
  readonly name: HTMLElement;
  readonly value: HTMLElement;
}

export class LineList {
  readonly element = make("div", {
    class: "labkit-lines-list",
    role: "group",
    "aria-label": "Lines",
    // The arrow keys move through the list, not through the notebook.
    "data-lm-suppress-shortcuts": "true",
  });
  private entries: readonly Entry[] = [];
  private names: readonly string[] = [];
  /** The selection to which it has scrolled. */
  private revealed: string | null = null;

  constructor(private readonly session: RunSession) {
    this.element.addEventListener("keydown", (event) => this.press(event));
  }

  /** Shows the rows with the colours of their lines, and their values at the cursor. */
  show(
    rows: readonly Row[],
    colourOf: (index: number) => string,
    selected: ReadonlySet<string>,
  ): void {
    const names = rows.map(({ name }) => name);
    if (names.join("\n") !== this.names.join("\n")) this.rebuild(names);
    const { cursor } = this.session;
    const values = new Map<SeriesTable, Float32Array | null>();
    rows.forEach((row, index) => {
      const { table } = row;
      if (!values.has(table)) values.set(table, valuesAt(table, cursor));
      const value = values.get(table)?.[row.column] ?? Number.NaN;
      const { element, swatch, name, value: text } = this.entries[index] as Entry;
      swatch.style.background = colourOf(index);
      element.setAttribute("aria-pressed", String(selected.has(row.name)));
      setText(name, shortenPath(row.name, MAX_LETTERS));
      setText(text, hasEnded(row) ? FROZEN : formatValue(value));
      element.title = titleOf(row, value, cursor);
    });
    this.moveTabStop(this.entries.find(isPressed) ?? this.entries[0]);
    this.reveal();
  }

  private rebuild(names: readonly string[]): void {
    this.names = names;
    this.entries = names.map((name) => this.makeEntry(name));
    this.element.replaceChildren(...this.entries.map(({ element }) => element));
  }

  private makeEntry(parameter: string): Entry {
    const swatch = make("span", { class: "labkit-lines-swatch" });
    const name = make("span", { class: "labkit-lines-name" });
    const value = make("span", { class: "labkit-lines-value" });
    const attributes = { type: "button", class: "labkit-lines-entry", tabindex: "-1" };
    const element = make("button", attributes, swatch, name, value);
    element.addEventListener("click", () => {
      this.revealed = parameter;
      toggleSelection(this.session, parameter);
    });
    return { element, swatch, name, value };
  }

  /** One entry is reached with the Tab key, the others from there. */
  private moveTabStop(entry: Entry | undefined): void {
    const focused = this.entries.find(({ element }) => element === document.activeElement);
    const stop = focused ?? entry;
    for (const each of this.entries) each.element.tabIndex = each === stop ? 0 : -1;
  }

  private press(event: KeyboardEvent): void {
    const direction = DIRECTIONS[event.key];
    if (direction === undefined) return;
    const place = this.entries.findIndex(({ element }) => element === event.target);
    const next = this.entries[place + direction];
    event.preventDefault();
    event.stopPropagation();
    next?.element.focus();
    this.moveTabStop(next);
  }

  /** Scrolls to the selected entry once, without scrolling the page. */
  private reveal(): void {
    const { selected } = this.session;
    if (selected === this.revealed || this.element.clientHeight === 0) return;
    this.revealed = selected;
    const entry = this.entries.find(isPressed)?.element;
    if (!entry) return;
    const top = entry.offsetTop - this.element.offsetTop;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop || top + entry.offsetHeight > scrollTop + clientHeight) {
      this.element.scrollTop = top - (clientHeight - entry.offsetHeight) / 2;
    }
  }
}

function isPressed({ element }: Entry): boolean {
  return element.getAttribute("aria-pressed") === "true";
}

function titleOf(row: Row, value: number, cursor: number | null): string {
  const step = formatCount(cursor ?? row.table.lastStep);
  const reading = hasEnded(row) ? FROZEN : `${formatValue(value)} at step ${step}`;
  return `${row.name}: ${reading}. Click to select it in all views.`;
}
