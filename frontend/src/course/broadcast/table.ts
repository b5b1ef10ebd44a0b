/** The table of the explorer: a column for each dimension, with sizes that can be changed. */

import type { BroadcastReading } from "../../messages/broadcast";
import { type Column, columnsOf, type Entry, labelOf } from "./columns";

export interface TableActions {
  /** Sets the size of a dimension to what was typed. */
  onSize(row: number, dimension: number, text: string): void;
  /** Makes a dimension larger or smaller by one. */
  onStep(row: number, dimension: number, change: number): void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowDown: -1 };

export class ShapeTable {
  readonly element = document.createElement("div");
  private reading: BroadcastReading | null = null;

  constructor(private readonly actions: TableActions) {
    this.element.className = "table";
    this.element.setAttribute("role", "group");
  }

  draw(reading: BroadcastReading): void {
    const focused = this.focusedKey();
    this.reading = reading;
    const columns = columnsOf(reading);
    this.element.style.gridTemplateColumns = `auto repeat(${columns.length}, minmax(62px, 92px))`;
    const heads = columns.map((column, at) => head(at, columns.length, column.named));
    const rows = reading.names.flatMap((name, row) => [
      rowName(name),
      ...columns.map((column, at) => this.entry(column, row, at)),
    ]);
    const results = columns.map((column) => this.result(column));
    this.element.replaceChildren(rowName(""), ...heads, ...rows, rowName("result"), ...results);
    if (columns.length === 0) this.element.append(note("a single number"));
    if (focused) this.element.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  /** The row and the dimension, counted from the right, of the size that has the focus. */
  private focusedKey(): string | undefined {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !this.element.contains(activeElement)) return;
    return activeElement.dataset.key;
  }

  private entry(column: Column, row: number, at: number): HTMLElement {
    const entry = column.entries[row] as Entry;
    const cell = document.createElement("div");
    cell.className = `cell row${row}`;
    cell.classList.toggle("stretched", entry.stretchedTo !== null);
    cell.classList.toggle("missing", entry.size === null);
    cell.classList.toggle("clash", column.clashes);
    const label = labelOf(this.reading?.names[row] ?? "", entry, column, at);
    if (entry.dimension === null) {
      cell.append(note("none"));
      cell.setAttribute("role", "img");
      cell.setAttribute("aria-label", label);
    } else cell.append(this.size(entry, row, entry.dimension, label));
    cell.title = label;
    cell.append(small(below(entry)));
    return cell;
  }

  private size(entry: Entry, row: number, dimension: number, label: string): HTMLElement {
    const { actions } = this;
    const field = document.createElement("input");
    const depth = this.reading?.shapes[row]?.length ?? 0;
    field.value = String(entry.size);
    field.inputMode = "numeric";
    field.autocomplete = "off";
    field.dataset.key = `${row}/${depth - dimension}`;
    field.setAttribute("aria-label", label);
    field.addEventListener("focus", () => field.select());
    field.addEventListener("change", () => actions.onSize(row, dimension, field.value));
    field.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (event.key === "Enter") actions.onSize(row, dimension, field.value);
      else if (step !== undefined) actions.onStep(row, dimension, step);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    const line = document.createElement("div");
    line.className = "size";
    line.append(
      stepper("−", "One smaller", () => actions.onStep(row, dimension, -1)),
      field,
      stepper("+", "One larger", () => actions.onStep(row, dimension, 1)),
    );
    return line;
  }

  private result(column: Column): HTMLElement {
    const cell = document.createElement("div");
    cell.className = column.clashes ? "cell result clash" : "cell result";
    cell.classList.toggle("named", column.named);
    cell.textContent = column.clashes ? "clash" : String(column.result ?? "–");
    return cell;
  }
}

function below(entry: Entry): string {
  const stretched = entry.stretchedTo === null ? [] : [`→ ${entry.stretchedTo}`];
  // A dimension that is added with size 1 has a stride, too, which is of no use.
  const strides = entry.size === null && !stretched.length ? null : entry.stride;
  return [...stretched, ...(strides === null ? [] : [`stride ${strides}`])].join(", ");
}

function head(at: number, depth: number, named: boolean): HTMLElement {
  const element = document.createElement("div");
  element.className = named ? "head named" : "head";
  element.textContent = `dim ${at}`;
  element.title = `Dimension ${at} of the result, or ${at - depth} counted from the right`;
  return element;
}

function rowName(text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "name";
  element.textContent = text;
  return element;
}

function note(text: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function small(text: string): HTMLElement {
  const element = document.createElement("small");
  element.textContent = text;
  return element;
}

/** Returns a button for the pointer; keys change a size by the arrow keys. */
function stepper(sign: string, title: string, act: () => void): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "step";
  button.textContent = sign;
  button.title = `${title} (in the field: the arrow keys up and down)`;
  button.tabIndex = -1;
  button.addEventListener("click", act);
  return button;
}
