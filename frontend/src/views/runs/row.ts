/** A row of the table, which is updated in place. */

import { make, setText } from "../../parts/element";
import { isFinal } from "../../parts/run-status";
import type { RunColumn } from "./columns";
import { OutlineDrawing } from "./outline-drawing";
import type { RunEntry } from "./run-entry";

export class RunTableRow {
  readonly element = make("tr");
  readonly mark = make("input", { type: "checkbox" });
  private readonly name = make("span", { class: "labkit-runs-name" });
  private readonly file = make("span", { class: "labkit-runs-file" });
  private readonly head: HTMLTableCellElement;
  private readonly outline = new OutlineDrawing();
  private readonly curve: HTMLTableCellElement;
  private cells: HTMLTableCellElement[] = [];
  private columnsKey = "";
  private drawn: readonly [run: RunEntry, columnsKey: string, isMarked: boolean] | null = null;

  constructor(key: string) {
    this.element.dataset.labkitRun = key;
    const label = make("label", {}, this.mark, this.name, this.file);
    this.head = make("th", { scope: "row" }, label);
    this.curve = make("td");
    this.curve.append(this.outline.element);
  }

  /** Updates the row if anything in it has changed; `key` is that of the columns. */
  update(run: RunEntry, columns: readonly RunColumn[], key: string, isMarked: boolean): void {
    const [drawnRun, drawnKey, wasMarked] = this.drawn ?? [];
    if (drawnRun === run && drawnKey === key && wasMarked === isMarked) return;
    this.drawn = [run, key, isMarked];
    this.arrange(columns, key);
    setText(this.name, run.name);
    setText(this.file, run.key);
    setTitle(this.head, `${run.name}: ${run.key}`);
    this.mark.setAttribute("aria-label", `Mark ${run.name}`);
    this.mark.disabled = run.error !== null;
    this.mark.checked = isMarked;
    this.outline.update(run.outline);
    columns.forEach((column, place) => {
      const cell = this.cells[place] as HTMLTableCellElement;
      const [text, detail] = [column.text(run), column.detail(run)];
      setText(cell, text);
      setTitle(cell, detail);
    });
    const { element } = this;
    element.classList.toggle("labkit-runs-marked", isMarked);
    element.classList.toggle("labkit-runs-unreadable", run.error !== null);
    element.classList.toggle("labkit-runs-growing", run.status !== null && !isFinal(run.status));
  }

  /** Makes the cells anew if there are other columns. */
  private arrange(columns: readonly RunColumn[], key: string): void {
    if (key === this.columnsKey) return;
    this.columnsKey = key;
    this.cells = columns.map(({ id, isNumber }) => {
      const cell = make("td", { "data-labkit-column": id });
      cell.classList.toggle("labkit-runs-number", isNumber);
      return cell;
    });
    this.element.replaceChildren(this.head, this.curve, ...this.cells);
  }
}

function setTitle(element: HTMLElement, title: string): void {
  if (element.title !== title) element.title = title;
}
