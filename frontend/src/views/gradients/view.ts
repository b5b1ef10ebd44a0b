/** The gradients view: gradient norms, weight norms and other quantities of all parameters. */

import { HeatMap } from "../../heat-map/heat-map";
import { markedKind, markIn } from "../../heat-map/marks";
import { describeNewest, type Row, revisionOf, rowsOf } from "../../heat-map/rows";
import { type ColourScale, DecadeScale } from "../../heat-map/scale";
import { CursorNote } from "../../parts/cursor-note";
import { make } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { namesMarkedBy } from "../../parts/selection";
import { SelectionNote } from "../../parts/selection-note";
import { ViewSettings } from "../../parts/view-settings";
import { PlotlyFigure } from "../../plot/plotly-figure";
import type { DrawView, RunSession } from "../../session";
import { HistogramRidge } from "./histogram-ridge";
import { LineList } from "./line-list";
import { lineColour, linesPlot } from "./lines";
import { CUSTOMARY_RATIO, type ParameterKind, QUANTITIES } from "./quantities";
import { GradientsToolbar } from "./toolbar";

const KINDS = QUANTITIES.map(({ kind }) => kind);

export const drawGradients: DrawView = (root, session) => {
  const view = new GradientsView(root, session);
  return () => view.close();
};

class GradientsView {
  private readonly cursor: CursorNote;
  private readonly selection: SelectionNote;
  private readonly toolbar: GradientsToolbar;
  private readonly heat: HeatMap;
  private readonly ridge: HistogramRidge;
  /** Null until lines are selected for the first time. */
  private figure: PlotlyFigure | null = null;
  private readonly lineList: LineList;
  /** The figure of the lines, and their list. */
  private readonly linesPlace: HTMLElement;
  private readonly empty = new EmptyMessage();
  private readonly live: LiveDrawing;
  /** The selection for which a quantity was chosen. */
  private followed: string | null = null;
  /** The names of the drawn lines. */
  private lines: readonly string[] = [];
  /** The revision of the data that were drawn. */
  private revision = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    const changed = () => this.live.now();
    this.cursor = new CursorNote(session);
    this.selection = new SelectionNote(session);
    this.toolbar = new GradientsToolbar(
      changed,
      make("div", { class: "labkit-notes" }, this.selection.element, this.cursor.element),
      new ViewSettings(session.runId),
    );
    this.heat = new HeatMap(session, scaleOf, changed);
    root.classList.add("labkit-gradients");
    root.dataset.labkitView = "gradients";
    this.ridge = new HistogramRidge(session, changed);
    this.lineList = new LineList(session);
    this.linesPlace = make("div", { class: "labkit-lines" }, this.lineList.element);
    this.linesPlace.hidden = true;
    const stage = make(
      "div",
      { class: "labkit-stage" },
      this.heat.element,
      this.ridge.element,
      this.linesPlace,
      this.empty.element,
    );
    root.replaceChildren(this.toolbar.element, stage);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "complete frames");
    this.draw(false);
  }

  close(): void {
    this.live.close();
    this.heat.close();
    this.figure?.close();
    this.root.replaceChildren();
  }

  private draw(isLive: boolean): void {
    const revision = `${revisionOf(this.session, KINDS)}\n${this.session.pushed}`;
    if (isLive && revision === this.revision) return;
    this.revision = revision;
    const present = QUANTITIES.filter(({ kind }) => rowsOf(this.session, kind).length > 0);
    this.toolbar.offer(present.map(({ kind }) => kind));
    this.chooseMarked(present.map(({ kind }) => kind));
    this.cursor.update();
    this.selection.update();
    const kind = this.toolbar.kind;
    const rows = kind === null ? [] : rowsOf(this.session, kind);
    const filled = rows.some(({ table }) => table.lastStep >= 0);
    const { mode } = this.toolbar;
    const lines = filled && mode === "lines";
    this.empty.show(
      filled ? (lines ? (this.figure?.failure ?? null) : null) : emptyMessage(this.session),
    );
    this.heat.element.hidden = !filled || mode !== "heat";
    this.ridge.element.hidden = !filled || mode !== "ridge";
    this.linesPlace.hidden = !lines;
    if (!filled || kind === null) return;
    if (lines && !this.drawLines(rows, kind)) return;
    if (mode === "heat") {
      this.heat.draw(rows, nameOf(kind), this.live.theme, markIn(kind, this.session.mark));
    }
    if (mode === "ridge") this.ridge.draw(rows, this.live.theme);
    const last = Math.max(...rows.map(({ table }) => table.lastStep));
    this.root.dataset.labkitStep = String(last);
  }

  /** Chooses a quantity of the marked finding, when one of its parameters was selected. */
  private chooseMarked(present: readonly ParameterKind[]): void {
    const { selected, mark } = this.session;
    if (selected === this.followed) return;
    this.followed = selected;
    const { kind } = this.toolbar;
    if (selected === null || (kind !== null && markIn(kind, mark))) return;
    const marked = markedKind(present, mark);
    if (marked !== null) this.toolbar.show(marked);
  }

  /** Draws the lines; returns false if the library is not loaded, or there is no room. */
  private drawLines(rows: readonly Row[], kind: ParameterKind): boolean {
    const figure = this.figure ?? this.makeFigure();
    if (!figure.ready) return false;
    const { session } = this;
    const { theme } = this.live;
    const { cursor } = session;
    const quantity = nameOf(kind);
    const logarithmic = scaleOf(quantity) instanceof DecadeScale;
    const reference = kind === "update_ratio" ? CUSTOMARY_RATIO : null;
    const { range } = figure;
    const mark = markIn(kind, session.mark);
    this.lines = rows.map(({ name }) => name);
    const selected = namesMarkedBy(this.lines, session.selected);
    const others = session.beside?.sessions.flatMap((each) => rowsOf(each, kind)) ?? [];
    const axes = { range, logarithmic, reference, others };
    const plot = linesPlot({ rows, quantity, cursor, mark, selected, theme, ...axes });
    this.lineList.show(rows, (index) => lineColour(index, rows.length, theme), selected);
    figure.draw(plot.traces, plot.layout);
    figure.element.setAttribute("aria-label", describeNewest(rows, quantity));
    return true;
  }

  private makeFigure(): PlotlyFigure {
    const { session } = this;
    this.figure = new PlotlyFigure(session, "labkit-gradients", {
      changed: () => this.live.now(),
      clicked: (step, line) => {
        const name = this.lines[line] ?? null;
        const isAgain = session.cursor === Math.round(step) && session.selected === name;
        session.setCursor(Math.round(step));
        session.select(isAgain ? null : name);
      },
    });
    this.linesPlace.prepend(this.figure.element);
    return this.figure;
  }
}

function nameOf(kind: ParameterKind): string {
  return QUANTITIES.find((each) => each.kind === kind)?.name ?? kind;
}

function scaleOf(name: string): ColourScale {
  return QUANTITIES.find((each) => each.name === name)?.scale() ?? new DecadeScale();
}
