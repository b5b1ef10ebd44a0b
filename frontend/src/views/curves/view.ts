/** The curves view: the loss, the logged metrics and the learning rates. */

import type { RunState } from "../../messages/run";
import type { RunEvent } from "../../messages/tuning";
import { CursorNote } from "../../parts/cursor-note";
import { make, setText } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { ViewSettings } from "../../parts/view-settings";
import { PlotlyFigure } from "../../plot/plotly-figure";
import type { DrawView, RunSession } from "../../session";
import { describe } from "./description";
import { EarlyCurves } from "./early-curves";
import { LiveTail, roomFor } from "./live-tail";
import { curvesPlot } from "./plot";
import { type Quantity, quantitiesOf } from "./quantities";
import { CurvesToolbar } from "./toolbar";

/** Height of the first panel, and of each further one, in px. */
const FIRST_PANEL = 270;
const FURTHER_PANEL = 130;

export const drawCurves: DrawView = (root, session) => {
  const view = new CurvesView(root, session);
  return () => view.close();
};

class CurvesView {
  private readonly cursor: CursorNote;
  private readonly toolbar: CurvesToolbar;
  private readonly figure: PlotlyFigure;
  private readonly empty = new EmptyMessage();
  private readonly warning = make("p", { class: "labkit-message labkit-warning", role: "status" });
  private readonly tail = new LiveTail();
  private readonly early = new EarlyCurves();
  /** Number of skipped steps that the figure marks. */
  private skipped = 0;
  /** The changes of the training that the figure marks. */
  private events: readonly RunEvent[] = [];
  private readonly live: LiveDrawing;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    this.cursor = new CursorNote(session);
    this.toolbar = new CurvesToolbar(
      () => this.live.now(),
      this.cursor.element,
      new ViewSettings(session.runId),
    );
    const events = {
      changed: () => this.live.now(),
      clicked: (step: number) => session.setCursor(Math.round(step)),
    };
    this.figure = new PlotlyFigure(session, "labkit-curves", events, this.early.element);
    root.classList.add("labkit-curves");
    root.dataset.labkitView = "curves";
    this.figure.element.append(this.tail.element);
    const stage = make("div", { class: "labkit-stage" }, this.figure.element, this.empty.element);
    root.replaceChildren(this.toolbar.element, this.warning, stage);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "every frame");
    this.draw(false);
  }

  close(): void {
    this.live.close();
    this.figure.close();
    this.root.replaceChildren();
  }

  private draw(isLive: boolean): void {
    const all = quantitiesOf(this.session.tables);
    const quantities = this.toolbar.choose(all);
    this.cursor.update();
    this.empty.show(all.length === 0 ? emptyMessage(this.session) : this.figure.failure);
    this.figure.element.hidden = all.length === 0;
    if (all.length === 0) return;
    const height = FIRST_PANEL + FURTHER_PANEL * (quantities.length - 1);
    this.figure.element.style.minHeight = `${height}px`;
    this.figure.element.setAttribute("aria-label", describe(quantities));
    if (this.figure.width === 0 || this.figure.failure) return;
    this.root.dataset.labkitStep = String(lastStepOf(quantities));
    if (!this.figure.ready) {
      this.drawEarly(quantities);
      return;
    }
    if (isLive && this.drawTail(quantities)) return;
    this.drawFigure(quantities);
  }

  /** Draws the newest points only; returns false if the figure must be drawn. */
  private drawTail(quantities: readonly Quantity[]): boolean {
    const { figure, session, toolbar } = this;
    const { state } = session;
    if (!state || !isTraining(state) || state.skipped.length !== this.skipped) return false;
    if (session.tuning.events !== this.events) return false;
    if (figure.element.matches(":hover")) return false; // The tooltip needs all points.
    return this.tail.draw({
      quantities,
      smoothing: toolbar.smoothing,
      theme: this.live.theme,
      panels: figure.panels(quantities.length),
      // Two traces per line, and one trace that makes room.
      isHidden: (line) => figure.isHidden(2 * line + 1),
    });
  }

  private drawFigure(quantities: readonly Quantity[]): void {
    const { toolbar, figure, session } = this;
    const { theme } = this.live;
    const { state } = session;
    this.skipped = state?.skipped.length ?? 0;
    this.events = session.tuning.events;
    // A paused loop has room, too, so that the figure is as it was and remains when it goes on.
    const isLive = state && (isTraining(state) || state.status === "paused") && !figure.range;
    const plot = curvesPlot({
      quantities,
      smoothing: toolbar.smoothing,
      logarithmic: toolbar.logarithmic,
      cursor: session.cursor,
      mark: session.mark,
      events: this.events,
      skipped: state?.skipped ?? [],
      room: isLive ? roomFor(state) : 0,
      range: figure.range,
      width: figure.width,
      theme,
    });
    setText(this.warning, plot.warnings.join("; "));
    this.tail.begin(quantities);
    figure.draw(plot.traces, plot.layout);
  }

  private drawEarly(quantities: readonly Quantity[]): void {
    const { width, element } = this.figure;
    const { logarithmic } = this.toolbar;
    const size = { width, height: element.clientHeight };
    this.early.draw({ quantities, logarithmic, theme: this.live.theme, ...size });
  }
}

/** Whether steps are being made; a loop that is about to pause is at its last one. */
function isTraining({ status }: RunState): boolean {
  return status === "running" || status === "pausing";
}

function lastStepOf(quantities: readonly Quantity[]): number {
  return Math.max(
    -1,
    ...quantities.flatMap(({ lines }) => lines.map(({ table }) => table.lastStep)),
  );
}
