/** A heat map of rows over steps, which draws only the visible rows. */

import { make, setText } from "../parts/element";
import { formatCount, formatValue } from "../parts/format";
import { PointerTooltip } from "../parts/pointer-tooltip";
import { namesMarkedBy, pathOf } from "../parts/selection";
import type { Theme } from "../parts/theme";
import { ticksFor } from "../parts/ticks";
import type { RunSession, StepMark } from "../session";
import { type Bins, binsFor, cellsOf, largestOf, sampleIn, specialCellsIn } from "./cells";
import { HeatScale } from "./common-scale";
import { closedAround, entriesOf, type HeatMapEntry } from "./groups";
import { HeatLabels } from "./labels";
import { HeatLegend } from "./legend";
import { paint } from "./paint";
import { describeNewest, hasEnded, type Row, rowsOf, stepsOf } from "./rows";
import type { ColourScale } from "./scale";

const MIN_HEIGHT = 14;
const MAX_HEIGHT = 64;
/** The same in a panel of fixed height. */
const MAX_PANEL_HEIGHT = 120;
const PREFERRED_HEIGHT = 300;
/** Maximum number of rows that are visible without scrolling, where the height is not given. */
const MAX_ROWS = 28;
/** The same at least, where the height is given. */
const LEAST_ROWS = 6;
/** A panel of fixed height, which the heat map fills. */
const PANEL = ".labkit-group-panel";
/** Distance between the legend and the lower edge of the panel, in px. */
const PANEL_PADDING = 10;
/** Half the width of a tick's number, in px. */
const HALF_NUMBER_WIDTH = 18;

export class HeatMap {
  readonly element = make("div", { class: "labkit-heat" });
  private readonly labels = new HeatLabels({
    select: (name) => this.select(name),
    moveFocus: (from, step) => this.moveFocus(from, step),
  });
  private readonly canvas = make("canvas", { class: "labkit-heat-cells", role: "img" });
  private readonly pixels = make("canvas");
  private readonly sheet = make(
    "div",
    { class: "labkit-heat-sheet" },
    this.labels.element,
    this.canvas,
  );
  private readonly spacer = make("div", { class: "labkit-heat-spacer" }, this.sheet);
  private readonly scroller = make("div", { class: "labkit-heat-scroller" }, this.spacer);
  private readonly axis = make("div", { class: "labkit-heat-axis", "aria-hidden": "true" });
  private readonly legend = new HeatLegend();
  private readonly tooltip = new PointerTooltip(this.element);
  private readonly resizes: ResizeObserver;
  private readonly scale: HeatScale;
  private rows: readonly HeatMapEntry[] = [];
  /** Modules that the user opened or closed. */
  private readonly toggled = new Set<string>();
  private bins: Bins = { start: 0, width: 1, count: 1 };
  private rowHeight = MAX_HEIGHT;
  /** Height, in px, for the rows in a panel of fixed height; null without one. */
  private room: number | null = null;
  private quantity = "";
  /** The selection to which it has scrolled. */
  private revealed: string | null = null;

  /**
   * `scaleFor` returns a new scale for a quantity, `share` the part of the room in a panel of fixed
   * height that the heat map takes.
   */
  constructor(
    private readonly session: RunSession,
    scaleFor: (quantity: string) => ColourScale,
    private readonly changed: () => void,
    private readonly share: () => number = () => 1,
  ) {
    this.scale = new HeatScale(session.beside, scaleFor, changed);
    this.element.append(this.scroller, this.axis, this.legend.element, this.tooltip.element);
    this.scroller.addEventListener("scroll", changed, { passive: true });
    this.canvas.addEventListener("pointermove", (event) => this.showTooltip(event));
    this.canvas.addEventListener("pointerleave", () => this.tooltip.hide());
    this.canvas.addEventListener("click", (event) => {
      const sample = this.sampleAt(event);
      if (!sample) return;
      const isAgain = session.cursor === sample.step && session.selected === sample.name;
      session.setCursor(sample.step);
      this.pick(isAgain ? null : sample.name);
    });
    this.resizes = new ResizeObserver(changed);
    this.resizes.observe(this.scroller);
  }

  /** `mark` is the range of steps of a finding; null for none. */
  draw(rows: readonly Row[], quantity: string, theme: Theme, mark: StepMark | null = null): void {
    const scale = this.scale.of(quantity);
    this.quantity = quantity;
    this.room = this.roomInPanel();
    this.rows = entriesOf(rows, this.toggled, this.maxRows);
    const steps = stepsOf([...rows, ...this.rowsBeside(rows)]);
    if (!steps) return;
    this.setSizes();
    this.reveal(rows);
    const marked = this.markedBy(this.session.selected);
    const shown = this.rows.slice(this.firstRow, this.firstRow + this.visibleRowCount);
    this.bins = binsFor(steps[0], steps[1], Math.max(64, Math.floor(this.canvas.clientWidth / 2)));
    const rowCells = shown.map((entry) =>
      largestOf(
        entry.rows.map((row) =>
          cellsOf(row.table.points(row.column), this.bins, scale, this.hasEnded(row)),
        ),
      ),
    );
    this.scale.extend(rowCells);
    const { bins, rowHeight } = this;
    const { cursor } = this.session;
    paint(this.canvas, {
      rows: rowCells,
      bins,
      scale,
      dark: theme.dark,
      cursor,
      cursorColour: theme.text,
      marked: mark?.steps ?? null,
      selected: shown.map(({ name }) => marked.has(name)),
      rowHeight,
      cells: this.pixels,
    });
    this.legend.show(scale, theme.dark, specialCellsIn(rowCells));
    const isTree = this.rows.some(({ open }) => open !== null);
    this.labels.draw({ shown, isTree, marked, rowHeight });
    this.drawAxis();
    this.canvas.setAttribute("aria-label", describeNewest(rows, quantity));
  }

  close(): void {
    this.scale.leave();
    this.resizes.disconnect();
  }

  /** Returns the rows of the runs beside this one, whose steps the axis shows as well. */
  private rowsBeside([first]: readonly Row[]): Row[] {
    const { beside } = this.session;
    if (!beside || !first) return [];
    return beside.sessions.flatMap((session) => rowsOf(session, first.table.kind));
  }

  /** Whether a row has no values after its last one; beside a longer run, the axis goes on. */
  private hasEnded(row: Row): boolean {
    return hasEnded(row) || this.session.beside !== null;
  }

  private get visibleRowCount(): number {
    return Math.min(this.rows.length, this.maxRows);
  }

  private get firstRow(): number {
    const first = Math.round(this.scroller.scrollTop / this.rowHeight);
    return Math.max(0, Math.min(first, this.rows.length - this.visibleRowCount));
  }

  private roomInPanel(): number | null {
    const panel = this.element.closest<HTMLElement>(PANEL);
    if (!panel || panel.clientHeight === 0) return null;
    const top = this.scroller.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    const below = this.axis.offsetHeight + this.legend.element.offsetHeight + PANEL_PADDING;
    const room = panel.clientHeight - (top + panel.scrollTop);
    return Math.max(LEAST_ROWS * MIN_HEIGHT, room * this.share() - below);
  }

  /** Maximum number of rows that are visible without scrolling. */
  private get maxRows(): number {
    const { room } = this;
    return room === null ? MAX_ROWS : Math.max(LEAST_ROWS, Math.floor(room / MIN_HEIGHT));
  }

  /** Sets the heights of the rows and of the scrolling area. */
  private setSizes(): void {
    const fitting = Math.floor((this.room ?? PREFERRED_HEIGHT) / this.rows.length);
    const maxRowHeight = this.room === null ? MAX_HEIGHT : MAX_PANEL_HEIGHT;
    this.rowHeight = Math.min(maxRowHeight, Math.max(MIN_HEIGHT, fitting));
    const visibleHeight = `${this.visibleRowCount * this.rowHeight}px`;
    this.scroller.style.height = visibleHeight;
    this.sheet.style.height = visibleHeight;
    this.spacer.style.height = `${this.rows.length * this.rowHeight}px`;
    if (this.rows.length > this.maxRows) this.scroller.tabIndex = 0;
  }

  private select(name: string): void {
    const entry = this.rows.find((each) => each.name === name);
    if (!entry) return;
    if (entry.open !== null && !this.toggled.delete(name)) this.toggled.add(name);
    this.pick(this.session.selected === name ? null : name);
  }

  /** Selects a row in sight, whose group stays as it is. */
  private pick(name: string | null): void {
    this.revealed = name;
    this.session.select(name);
  }

  private moveFocus(from: string, step: number): void {
    const place = this.rows.findIndex(({ name }) => name === from) + step;
    const next = this.rows[place];
    if (!next) return;
    this.scrollTo(place);
    this.labels.focus(next.name);
    this.changed();
  }

  /** Opens the groups around the selection and scrolls to it, once for each selection. */
  private reveal(rows: readonly Row[]): void {
    const { selected } = this.session;
    if (selected === this.revealed || this.canvas.clientWidth === 0) return;
    this.revealed = selected;
    if (selected === null) return;
    for (const name of closedAround(rows, this.toggled, this.maxRows, pathOf(selected))) {
      if (!this.toggled.delete(name)) this.toggled.add(name);
    }
    this.rows = entriesOf(rows, this.toggled, this.maxRows);
    this.setSizes();
    const marked = this.markedBy(selected);
    const first = this.rows.findIndex(({ name }) => marked.has(name));
    if (first >= 0) this.scrollTo(first);
  }

  private markedBy(selected: string | null): ReadonlySet<string> {
    return namesMarkedBy(
      this.rows.map(({ name }) => name),
      selected,
    );
  }

  /** Scrolls by the least that brings a row into sight. */
  private scrollTo(place: number): void {
    const { scroller, rowHeight } = this;
    const last = place + 1 - this.visibleRowCount;
    const first = Math.min(place, Math.max(last, this.firstRow));
    if (first !== this.firstRow) scroller.scrollTop = first * rowHeight;
  }

  private drawAxis(): void {
    const { start, width, count } = this.bins;
    const [length, room] = [count * width, this.canvas.clientWidth];
    const last = start + length * (1 - HALF_NUMBER_WIDTH / Math.max(room, HALF_NUMBER_WIDTH));
    const ticks = ticksFor(start, last, Math.min(6, room / 70));
    this.axis.style.marginLeft = `${this.canvas.offsetLeft}px`;
    this.axis.style.width = `${room}px`;
    while (this.axis.children.length > ticks.length + 1) this.axis.lastChild?.remove();
    while (this.axis.children.length < ticks.length + 1) this.axis.append(make("span"));
    const [title, ...marks] = [...this.axis.children] as HTMLElement[];
    if (title) setText(title, "step");
    ticks.forEach((tick, index) => {
      const mark = marks[index] as HTMLElement;
      setText(mark, formatCount(tick));
      mark.style.left = `${(100 * (tick - start + 0.5)) / length}%`;
    });
  }

  private showTooltip(event: PointerEvent): void {
    const sample = this.sampleAt(event);
    if (!sample) {
      this.tooltip.hide();
      return;
    }
    const { name, value, step } = sample;
    this.tooltip.show(
      [name, `${this.quantity} ${formatValue(value)}`, `step ${formatCount(step)}`],
      event,
    );
  }

  private sampleAt(event: MouseEvent) {
    const box = this.canvas.getBoundingClientRect();
    const row = this.rows[this.firstRow + Math.floor((event.clientY - box.top) / this.rowHeight)];
    const place = (event.clientX - box.left) / box.width;
    const bin = Math.min(this.bins.count - 1, Math.max(0, Math.floor(place * this.bins.count)));
    const samples = (row?.rows ?? []).flatMap((each) => {
      const points = each.table.points(each.column);
      const sample = sampleIn(points, this.bins, bin, this.hasEnded(each));
      return sample ? [{ name: each.name, ...sample }] : [];
    });
    return samples.reduce<(typeof samples)[number] | null>(
      (best, each) => (best && best.value >= each.value ? best : each),
      null,
    );
  }
}
