/** The table of the modules: header, rows that are updated in place, and totals. */

import { make } from "../../parts/element";
import { type Column, NAME_WIDTH } from "./columns";
import { TableHeader } from "./header";
import type { Layer } from "./layers";
import { NO_READING, type Reading } from "./readings";
import { TableRow } from "./row";
import type { Sorting } from "./sorting";

/** Width of the number of modules beside the name of the model, in px. */
const COUNT_WIDTH = 80;

/** What the table shows. */
export interface TableContent {
  readonly rows: readonly Layer[];
  readonly model: Layer;
  /** Number of modules, folded ones included. */
  readonly modules: number;
  readonly columns: readonly Column[];
  readonly readings: ReadonlyMap<string, Reading>;
  readonly sorting: Sorting;
  /** Paths of the rows that the selection marks. */
  readonly marked: ReadonlySet<string>;
  isOpen(layer: Layer): boolean;
}

export interface TableActions {
  sort(column: Column | null): void;
  toggle(path: string): void;
  select(path: string): void;
}

export class LayersTable {
  readonly element: HTMLElement;
  private readonly widths = make("colgroup");
  private readonly body = make("tbody");
  private readonly header: TableHeader;
  private readonly total = new TableRow();
  private readonly rows = new Map<string, TableRow>();
  private drawnColumns = "";
  private content: TableContent | null = null;

  constructor(private readonly actions: TableActions) {
    this.header = new TableHeader((column) => actions.sort(column));
    const table = make(
      "table",
      { class: "labkit-layers-table" },
      this.widths,
      make("thead", {}, this.header.element),
      this.body,
      make("tfoot", {}, this.total.element),
    );
    this.element = make("div", { class: "labkit-layers-scroller" }, table);
    // JupyterLab's shortcuts use the arrow keys.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    for (const place of [this.body, this.total.element]) {
      place.addEventListener("click", (event) => this.click(event));
    }
    this.body.addEventListener("keydown", (event) => this.press(event));
  }

  draw(content: TableContent): void {
    this.content = content;
    const { columns, sorting, readings } = content;
    this.setColumns(columns);
    this.header.update(columns, sorting);
    const room = this.nameWidth;
    const isTree = sorting === null;
    for (const layer of content.rows) {
      const { path } = layer;
      const isMarked = content.marked.has(path);
      const isOpen = isTree && layer.children.length > 0 ? content.isOpen(layer) : null;
      const reading = readings.get(path) ?? NO_READING;
      this.row(path).update({ layer, reading, columns, room, isTree, isOpen, isMarked });
    }
    this.arrange(content.rows);
    this.drawTotal(content, room);
  }

  /** Scrolls to a row, as little as makes it visible between header and totals. */
  reveal(path: string): void {
    const row = this.rows.get(path)?.element;
    if (!row) return;
    const { scrollTop, clientHeight } = this.element;
    const above = this.header.element.offsetHeight;
    const below = this.total.element.offsetHeight;
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    if (top < scrollTop + above) this.element.scrollTop = top - above;
    else if (bottom > scrollTop + clientHeight - below) {
      this.element.scrollTop = bottom - clientHeight + below;
    }
  }

  /** Whether the pointer or the keyboard is at the rows, so that they must not change places. */
  get isInUse(): boolean {
    return this.body.matches(":hover") || this.body.querySelector(":focus-visible") !== null;
  }

  private drawTotal({ rows, model, modules, ...content }: TableContent, room: number): void {
    const { columns, readings, sorting, marked } = content;
    this.total.element.hidden = rows[0] === model;
    this.total.update({
      // The shape of the loss, which some models return, would be no total.
      layer: { ...model, costs: model.costs && { ...model.costs, shape: "" } },
      reading: readings.get("") ?? NO_READING,
      columns,
      room: room - COUNT_WIDTH,
      isTree: sorting === null,
      isOpen: null,
      isMarked: marked.has(""),
    });
    this.total.note = `${modules} ${modules === 1 ? "module" : "modules"}`;
  }

  private get nameWidth(): number {
    const others = (this.content?.columns ?? []).reduce((sum, { width }) => sum + width, 0);
    return Math.max(NAME_WIDTH, this.element.clientWidth - others);
  }

  private setColumns(columns: readonly Column[]): void {
    const key = columns.map(({ id }) => id).join(" ");
    if (key === this.drawnColumns) return;
    this.drawnColumns = key;
    const widths = columns.map(({ width }) => make("col", { style: `width: ${width}px` }));
    this.widths.replaceChildren(make("col"), ...widths);
  }

  private row(path: string): TableRow {
    const known = this.rows.get(path);
    if (known) return known;
    const made = new TableRow();
    this.rows.set(path, made);
    return made;
  }

  /** Places the rows; those that are in place already are not moved. */
  private arrange(layers: readonly Layer[]): void {
    const wanted = layers.map(({ path }) => this.row(path).element);
    const kept = new Set(wanted);
    for (const element of [...this.body.rows]) if (!kept.has(element)) element.remove();
    wanted.forEach((element, place) => {
      const present = this.body.rows[place];
      if (present !== element) this.body.insertBefore(element, present ?? null);
    });
    const stop = layers.find(({ path }) => this.content?.marked.has(path)) ?? layers[0];
    for (const { path } of layers) this.row(path).isTabStop = path === stop?.path;
  }

  private click(event: Event): void {
    const target = event.target as HTMLElement;
    const path = pathAt(target);
    if (path === null) return;
    if (target.closest(".labkit-layers-fold")) this.actions.toggle(path);
    else this.actions.select(path);
  }

  private press(event: KeyboardEvent): void {
    const path = pathAt(event.target as HTMLElement);
    const layer = this.content?.rows.find((each) => each.path === path);
    if (!layer) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const open = { ArrowRight: true, ArrowLeft: false }[event.key];
    if (step !== undefined) this.focusNext(layer, step);
    else if (open !== undefined) this.fold(layer, open);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private fold(layer: Layer, open: boolean): void {
    const { content } = this;
    const canFold = content?.sorting === null && layer.children.length > 0;
    if (canFold && content.isOpen(layer) !== open) this.actions.toggle(layer.path);
  }

  private focusNext(layer: Layer, step: number): void {
    const rows = this.content?.rows ?? [];
    const next = rows[rows.indexOf(layer) + step];
    if (!next) return;
    for (const { path } of rows) this.row(path).isTabStop = path === next.path;
    this.reveal(next.path);
    this.row(next.path).focus();
  }
}

function pathAt(element: HTMLElement): string | null {
  return element.closest<HTMLElement>("[data-labkit-layer]")?.dataset.labkitLayer ?? null;
}
