/** The header of the table, whose cells sort the rows. */

import { make, setText } from "../../parts/element";
import type { Column } from "./columns";
import type { Sorting } from "./sorting";

const NAME = "Module";
const NAME_EXPLANATION = "The modules of the model by path, in the order of the forward pass.";
const HINT = "Click to sort: largest first, then smallest first, then the order of the model.";

export class TableHeader {
  readonly element = make("tr");
  private readonly name: HTMLTableCellElement;
  private readonly cells = new Map<string, HTMLTableCellElement>();

  /** `sort` is called with the column of a click; null for the names. */
  constructor(private readonly sort: (column: Column | null) => void) {
    this.name = this.makeCell(NAME, NAME_EXPLANATION, null);
  }

  update(columns: readonly Column[], sorting: Sorting): void {
    const cells = columns.map((column) => this.cellOf(column));
    const present = [...this.element.cells];
    const isSame =
      present.length === cells.length + 1 && cells.every((cell, i) => cell === present[i + 1]);
    if (!isSame) this.element.replaceChildren(this.name, ...cells);
    for (const [id, cell] of this.cells) {
      const isSorted = sorting?.column.id === id;
      const direction = sorting?.isDescending ? "descending" : "ascending";
      setAttribute(cell, "aria-sort", isSorted ? direction : null);
      const sign = cell.querySelector<HTMLElement>(".labkit-layers-sign");
      if (sign) setText(sign, isSorted ? (sorting.isDescending ? "▾" : "▴") : "");
    }
  }

  private cellOf(column: Column): HTMLTableCellElement {
    const known = this.cells.get(column.id);
    if (known) return known;
    const made = this.makeCell(column.name, `${column.explanation} ${HINT}`, column);
    this.cells.set(column.id, made);
    return made;
  }

  private makeCell(name: string, title: string, column: Column | null): HTMLTableCellElement {
    const sign = make("span", { class: "labkit-layers-sign", "aria-hidden": "true" });
    const button = make("button", { type: "button", title }, name, sign);
    button.addEventListener("click", () => this.sort(column));
    return make("th", { scope: "col" }, button);
  }
}

function setAttribute(element: HTMLElement, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
