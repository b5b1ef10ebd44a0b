/** A row of the table: the name of a module, and a cell per column. */

import { make, setText } from "../../parts/element";
import { shorten, shortenPath } from "../../parts/format";
import type { Column } from "./columns";
import type { Layer } from "./layers";
import type { Reading } from "./readings";

/** Average width of a character of a name, in px. */
const CHARACTER_WIDTH = 6.6;
/** Width of the fold sign and the padding of the cell, in px. */
const BESIDE_NAME = 34;
/** Indentation of a module in another, in px. */
const INDENT = 12;
const MIN_CHARACTERS = 6;
const MAX_DEPTH = 8;

export interface RowContent {
  readonly layer: Layer;
  readonly reading: Reading;
  readonly columns: readonly Column[];
  /** Width of the column with the names, in px. */
  readonly room: number;
  /** Whether the rows are a tree; else names are whole paths. */
  readonly isTree: boolean;
  /** Whether the module is unfolded; null if it cannot be. */
  readonly isOpen: boolean | null;
  readonly isMarked: boolean;
}

export class TableRow {
  readonly element = make("tr");
  private readonly fold = make("button", {
    type: "button",
    class: "labkit-layers-fold",
    tabindex: "-1",
  });
  private readonly button = make("button", { type: "button", class: "labkit-layers-name" });
  private readonly type = make("span", { class: "labkit-layers-type" });
  private readonly head = make(
    "th",
    { scope: "row" },
    make("div", { class: "labkit-layers-head" }, this.fold, this.button, this.type),
  );
  private readonly cells: HTMLTableCellElement[] = [];

  constructor() {
    this.element.append(this.head);
  }

  /** Whether the Tab key reaches it; arrow keys reach the other rows. */
  set isTabStop(is: boolean) {
    const index = is ? "0" : "-1";
    if (this.button.getAttribute("tabindex") !== index) this.button.setAttribute("tabindex", index);
  }

  /** Replaces the class, which is the name of the model's row. */
  set note(text: string) {
    setText(this.type, text);
  }

  focus(): void {
    this.button.focus({ preventScroll: true });
  }

  update({ layer, reading, columns, room, isTree, isOpen, isMarked }: RowContent): void {
    const { path, type } = layer;
    this.element.dataset.labkitLayer = path;
    this.element.classList.toggle("labkit-picked", isMarked);
    this.button.setAttribute("aria-pressed", String(isMarked));
    const depth = isTree ? Math.min(MAX_DEPTH, Math.max(0, layer.depth)) : 0;
    this.head.style.paddingLeft = `${depth * INDENT}px`;
    const characters = (room - BESIDE_NAME - depth * INDENT) / CHARACTER_WIDTH;
    const most = Math.max(MIN_CHARACTERS, Math.floor(characters));
    const name = isTree ? shorten(layer.name, most) : shortenPath(path, most);
    setText(this.button, name || shorten(type || "Model", most));
    setText(this.type, path === "" ? "" : type);
    setTitle(this.head, [path || "The model itself", type].filter(Boolean).join(" · "));
    this.showFold(isOpen, isTree);
    this.showCells(layer, reading, columns);
  }

  private showFold(isOpen: boolean | null, isTree: boolean): void {
    this.fold.hidden = !isTree;
    this.fold.style.visibility = isOpen === null ? "hidden" : "";
    setText(this.fold, isOpen ? "▾" : "▸");
    this.fold.setAttribute("aria-label", isOpen ? "Fold" : "Unfold");
    this.fold.setAttribute("aria-expanded", String(isOpen === true));
  }

  private showCells(layer: Layer, reading: Reading, columns: readonly Column[]): void {
    while (this.cells.length > columns.length) this.cells.pop()?.remove();
    columns.forEach((column, place) => {
      const cell = this.cells[place] ?? this.addCell();
      setText(cell, column.text(layer, reading));
      setTitle(cell, column.detail(layer, reading));
    });
  }

  private addCell(): HTMLTableCellElement {
    const cell = make("td");
    this.cells.push(cell);
    this.element.append(cell);
    return cell;
  }
}

function setTitle(element: HTMLElement, title: string): void {
  if (element.title !== title) element.title = title;
}
