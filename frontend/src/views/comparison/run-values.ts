/** The values of the overlaid curves: a row for each run, and columns for each series. */

import { make, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import { type Extremes, pointAt, type Recorded, RunningExtremes } from "../../plot/extremes";
import type { SeriesTable } from "../../session";
import type { Ends } from "../curves/comparison";
import type { LinkedRun } from "./linked-runs";
import { lookOf, Swatch } from "./looks";
import type { RunSeries, SharedSeries } from "./series";

export interface ValuesInput {
  readonly runs: readonly LinkedRun[];
  readonly shared: readonly SharedSeries[];
  readonly theme: Theme;
  readonly cursor: number | null;
  /** Both ends of a comparison of two steps; null without one. */
  readonly compared: Ends | null;
}

const NONE = "–";
const COLUMNS = 3;

export class RunValues {
  readonly element: HTMLElement;
  private readonly table = make("table", { class: "labkit-comparison-table" });
  private readonly extremes = new WeakMap<SeriesTable, Map<number, RunningExtremes>>();
  private cells: HTMLElement[] = [];
  /** What the rows and columns are of, so that only their values are written. */
  private shape = "";

  constructor(private readonly moveCursor: (step: number) => void) {
    this.element = make(
      "div",
      {
        class: "labkit-comparison-scroller",
        role: "region",
        tabindex: "0",
        "aria-label": "Values of the runs",
      },
      this.table,
    );
  }

  draw(input: ValuesInput): void {
    this.arrange(input);
    let cell = 0;
    for (const run of input.runs) {
      for (const { series } of input.shared) {
        const own = series.find((each) => each.run === run);
        for (const text of this.texts(own, input)) {
          setCell(this.cells[cell] as HTMLElement, text);
          cell += 1;
        }
      }
    }
  }

  /** Makes the table anew if it has other rows or columns. */
  private arrange({ runs, shared, theme, cursor, compared }: ValuesInput): void {
    const words = headings(cursor, compared);
    const keys = [
      theme.series,
      runs.map(({ place }) => place),
      shared.map(({ key }) => key),
      words,
    ];
    const shape = JSON.stringify(keys);
    if (shape === this.shape) return;
    this.shape = shape;
    this.cells = [];
    const rows = runs.map((run) => {
      const cells = shared.flatMap(() => Array.from({ length: COLUMNS }, () => make("td")));
      this.cells.push(...cells);
      return make("tr", {}, nameCell(run, theme), ...cells);
    });
    const span = String(COLUMNS);
    const titles = shared.map(({ key }) =>
      make("th", { colspan: span, scope: "colgroup", title: key }, key),
    );
    const columns = shared.flatMap(() => words.map((word) => make("th", { scope: "col" }, word)));
    const head = make(
      "thead",
      {},
      make("tr", {}, make("td"), ...titles),
      make("tr", {}, make("td"), ...columns),
    );
    this.table.replaceChildren(head, make("tbody", {}, ...rows));
  }

  /** Returns the contents of the three cells of a series: texts, or points to which they lead. */
  private texts(
    series: RunSeries | undefined,
    { cursor, compared }: ValuesInput,
  ): readonly Content[] {
    if (!series) return Array(COLUMNS).fill({ text: NONE });
    const { table, column } = series;
    const points = table.points(column);
    if (compared) {
      const [from, to] = compared.map((step) => pointAt(points, step));
      const change = from && to ? to.value - from.value : null;
      return [this.place(from), this.place(to), { text: change === null ? NONE : signed(change) }];
    }
    const extremes = this.extremesOf(table, column);
    const last = table.latest()?.[column];
    const shown: Content =
      cursor === null
        ? { text: last === undefined ? NONE : formatValue(last) }
        : this.place(pointAt(points, cursor));
    return [shown, this.place(extremes?.low), this.place(extremes?.high)];
  }

  private place(point: Recorded | null | undefined): Content {
    if (!point) return { text: NONE };
    const { step, value } = point;
    return { text: formatValue(value), step, moveCursor: this.moveCursor };
  }

  private extremesOf(table: SeriesTable, column: number): Extremes | null {
    const columns = this.extremes.get(table) ?? new Map<number, RunningExtremes>();
    this.extremes.set(table, columns);
    const running = columns.get(column) ?? new RunningExtremes();
    columns.set(column, running);
    return running.update(table.points(column));
  }
}

interface Content {
  readonly text: string;
  /** The step of the value, to which a click moves the cursor. */
  readonly step?: number;
  readonly moveCursor?: (step: number) => void;
}

function headings(cursor: number | null, compared: Ends | null): readonly string[] {
  if (compared) return [...compared.map((step) => `at ${formatCount(step)}`), "change"];
  return [cursor === null ? "last" : `at ${formatCount(cursor)}`, "min", "max"];
}

function nameCell({ name, place }: LinkedRun, theme: Theme): HTMLElement {
  const swatch = new Swatch();
  swatch.show(lookOf(place, theme));
  const text = make("span", { class: "labkit-comparison-name" }, name);
  const label = make("div", { class: "labkit-comparison-label" }, swatch.element, text);
  return make("th", { scope: "row", title: name }, label);
}

/** Writes a cell; the button of a cell that has one remains, so that it keeps the focus. */
function setCell(cell: HTMLElement, { text, step, moveCursor }: Content): void {
  if (step === undefined || !moveCursor) {
    setText(cell, text);
    return;
  }
  const known = cell.firstElementChild as HTMLButtonElement | null;
  const button = known ?? make("button", { type: "button", class: "labkit-curves-extreme" });
  if (!known) cell.replaceChildren(button);
  setText(button, text);
  if (button.dataset.step === String(step)) return;
  button.dataset.step = String(step);
  button.title = `At step ${formatCount(step)}: click to move the cursor there`;
  button.onclick = () => moveCursor(step);
}

function signed(change: number): string {
  return change > 0 ? `+${formatValue(change)}` : formatValue(change);
}
