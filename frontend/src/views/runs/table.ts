/** The table of the runs: header, and rows that are updated in place. */

import { make } from "../../parts/element";
import type { Sorting } from "../../parts/sorting";
import type { RunColumn } from "./columns";
import { RunsHeader } from "./header";
import { RunTableRow } from "./row";
import type { RunEntry } from "./run-entry";

/** What the table shows. */
export interface RunsTableContent {
  readonly runs: readonly RunEntry[];
  readonly columns: readonly RunColumn[];
  readonly sorting: Sorting<RunColumn>;
  readonly marked: ReadonlySet<string>;
}

export interface RunsTableActions {
  sort(column: RunColumn): void;
  mark(key: string, isMarked: boolean): void;
  /** The pointer and the keyboard have left the rows. */
  left(): void;
}

export class RunsTable {
  readonly element: HTMLElement;
  private readonly body = make("tbody");
  private readonly header: RunsHeader;
  private readonly rows = new Map<string, RunTableRow>();
  private focused: string | null = null;

  constructor(private readonly actions: RunsTableActions) {
    this.header = new RunsHeader((column) => actions.sort(column));
    const table = make(
      "table",
      { class: "labkit-runs-table" },
      make("thead", {}, this.header.element),
      this.body,
    );
    this.element = make("div", { class: "labkit-runs-scroller" }, table);
    // JupyterLab's shortcuts use the arrow keys.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.body.addEventListener("change", (event) => this.change(event.target));
    this.body.addEventListener("keydown", (event) => this.press(event));
    this.body.addEventListener("focusin", (event) => {
      this.focused = keyAt(event.target);
      this.setTabStop();
    });
    this.body.addEventListener("focusout", () => actions.left());
    this.body.addEventListener("pointerleave", () => actions.left());
  }

  draw({ runs, columns, sorting, marked }: RunsTableContent): void {
    this.header.update(columns, sorting);
    const key = columns.map(({ id, isNumber }) => `${id} ${isNumber}`).join("\n");
    for (const run of runs) this.row(run.key).update(run, columns, key, marked.has(run.key));
    const wanted = runs.map(({ key }) => this.row(key).element);
    const kept = new Set(wanted);
    for (const element of [...this.body.rows]) if (!kept.has(element)) element.remove();
    // Not by index: a change makes the list of rows be counted anew.
    let present = this.body.firstElementChild;
    for (const element of wanted) {
      if (element === present) present = present.nextElementSibling;
      else this.body.insertBefore(element, present);
    }
    this.setTabStop();
  }

  /** Drops the rows of runs that are gone. */
  keepOnly(keys: ReadonlyMap<string, unknown>): void {
    for (const key of this.rows.keys()) if (!keys.has(key)) this.rows.delete(key);
  }

  /** The keys of the rows, in their order. */
  get order(): readonly string[] {
    return [...this.body.rows].map((row) => row.dataset.labkitRun ?? "");
  }

  /** Whether the pointer or the keyboard is at the rows, so that they must not change places. */
  get isInUse(): boolean {
    return this.body.matches(":hover") || this.body.querySelector(":focus-visible") !== null;
  }

  private row(key: string): RunTableRow {
    const known = this.rows.get(key);
    if (known) return known;
    const made = new RunTableRow(key);
    this.rows.set(key, made);
    return made;
  }

  /** Lets the tab key reach one row only; the arrow keys reach the others. */
  private setTabStop(): void {
    const marks = this.marks();
    const stop = marks.find((mark) => keyAt(mark) === this.focused) ?? marks[0];
    for (const mark of marks) mark.tabIndex = mark === stop ? 0 : -1;
  }

  /** The boxes of the rows that can be marked, in their order. */
  private marks(): HTMLInputElement[] {
    const rows = this.order.map((key) => this.rows.get(key)?.mark);
    return rows.filter((mark): mark is HTMLInputElement => mark !== undefined && !mark.disabled);
  }

  private change(target: EventTarget | null): void {
    const key = keyAt(target);
    if (key !== null) this.actions.mark(key, (target as HTMLInputElement).checked);
  }

  private press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const marks = this.marks();
    marks[marks.indexOf(event.target as HTMLInputElement) + step]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

function keyAt(target: EventTarget | null): string | null {
  if (!(target instanceof Element)) return null;
  return target.closest<HTMLElement>("[data-labkit-run]")?.dataset.labkitRun ?? null;
}
