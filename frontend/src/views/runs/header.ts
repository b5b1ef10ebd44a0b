/** The header of the table, whose cells sort the rows. */

import { make, setText } from "../../parts/element";
import type { Sorting } from "../../parts/sorting";
import { NAME_COLUMN, type RunColumn } from "./columns";

const HINT = "Click to sort; a third click restores the order, the newest first.";
const CURVE_EXPLANATION = "The course of the first loss, from its lowest to its highest value.";

export class RunsHeader {
  readonly element = make("tr");
  private readonly cells = new Map<string, HTMLTableCellElement>();
  private readonly curve = make(
    "th",
    { scope: "col", class: "labkit-runs-plain", title: CURVE_EXPLANATION },
    "Loss",
  );

  /** `sort` is called with the column of a click. */
  constructor(private readonly sort: (column: RunColumn) => void) {}

  update(columns: readonly RunColumn[], sorting: Sorting<RunColumn>): void {
    const [name, ...cells] = [NAME_COLUMN, ...columns].map((column) => this.cellOf(column));
    const wanted = [name as HTMLTableCellElement, this.curve, ...cells];
    const present = [...this.element.cells];
    if (wanted.length !== present.length || wanted.some((cell, at) => cell !== present[at])) {
      this.element.replaceChildren(...wanted);
    }
    for (const [id, cell] of this.cells) {
      const isSorted = sorting?.column.id === id;
      if (isSorted) {
        cell.setAttribute("aria-sort", sorting.isDescending ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
      const sign = cell.querySelector<HTMLElement>(".labkit-runs-sign");
      if (sign) setText(sign, isSorted ? (sorting.isDescending ? "▾" : "▴") : "");
    }
  }

  private cellOf(column: RunColumn): HTMLTableCellElement {
    const known = this.cells.get(column.id);
    if (known) return known;
    const sign = make("span", { class: "labkit-runs-sign", "aria-hidden": "true" });
    const title = `${column.explanation} ${HINT}`;
    const button = make("button", { type: "button", title }, column.name, sign);
    button.addEventListener("click", () => this.sort(column));
    const cell = make("th", { scope: "col" }, button);
    cell.classList.toggle("labkit-runs-number", column.isNumber);
    this.cells.set(column.id, cell);
    return cell;
  }
}
