/** The curves view: the loss, the logged metrics and the learning rates. */

import type { RunState } from "../../messages/run";
import type { RunEvent } from "../../messages/tuning";
import { CursorNote } from "../../parts/cursor-note";
import { make, setText } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { ViewSettings } from "../../parts/view-settings";
import { PlotlyFigure } from "../../plot/plotly-figure";
import { BY_STEP, knownAxes, type StepAxis } from "../../plot/step-axis";
import type { DrawView, RunSession } from "../../session";
import { describe } from "./description";
import { EarlyCurves } from "./early-curves";
import { HiddenLines } from "./hidden-lines";
import { LiveTail, roomFor } from "./live-tail";
import { curvesPlot } from "./plot";
import { type DrawnQuantity, drawnQuantities, quantitiesOf } from "./quantities";
import { CurvesToolbar } from "./toolbar";
import { ValueStrip } from "./value-strip";

/** Height of the first panel, and of each further one, in px, where the container sets none. */
const FIRST_PANEL = 250;
const FURTHER_PANEL = 130;
/** The same at least, in a container with less room. */
const MIN_FIRST_PANEL = 108;
const MIN_FURTHER_PANEL = 54;

export const drawCurves: DrawView = (root, session) => {
  const view = new CurvesView(root, session);
  return () => view.close();
};

class CurvesView {
  private readonly cursor: CursorNote;
  private readonly toolbar: CurvesToolbar;
  private readonly figure: PlotlyFigure;
  private readonly strip: ValueStrip;
  private readonly hidden: HiddenLines;
  private readonly empty = new EmptyMessage();
  private readonly warning = make("p", { class: "labkit-message labkit-warning", role: "status" });
  private readonly stage = make("div", { class: "labkit-stage" });
  private readonly tail = new LiveTail();
  private readonly early = new EarlyCurves();
  private axis: StepAxis = BY_STEP;
  /** Number of skipped steps that the figure marks. */
  private skipped = 0;
  /** The changes of the training that the figure marks. */
  private events: readonly RunEvent[] = [];
  private readonly live: LiveDrawing;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    const settings = new ViewSettings(session.runId);
    this.cursor = new CursorNote(session);
    this.toolbar = new CurvesToolbar(() => this.live.now(), this.cursor.element, settings);
    this.hidden = new HiddenLines(settings);
    const events = {
      changed: () => this.live.now(),
      clicked: (place: number) => session.setCursor(Math.round(this.axis.stepAt(place))),
    };
    this.figure = new PlotlyFigure(session, "labkit-curves", events, this.early.element);
    this.strip = new ValueStrip({
      moveCursor: (step) => session.setCursor(step),
      toggle: (line) => {
        this.hidden.toggle(line);
        this.live.now();
      },
      endComparison: () => undefined,
    });
    root.classList.add("labkit-curves");
    root.dataset.labkitView = "curves";
    this.figure.element.append(this.tail.element);
    this.stage.append(this.figure.element, this.empty.element);
    root.replaceChildren(this.toolbar.element, this.warning, this.stage, this.strip.element);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "every frame");
    this.draw(false);
  }

  close(): void {
    this.live.close();
    this.figure.close();
    this.root.replaceChildren();
  }

  private draw(isLive: boolean): void {
    const { session, toolbar, figure } = this;
    const all = quantitiesOf(session.tables);
    const chosen = toolbar.choose(all);
    this.setAxis();
    const quantities = drawnQuantities(chosen, this.live.theme.series, this.hidden.ids(chosen));
    this.cursor.update();
    this.empty.show(all.length === 0 ? emptyMessage(session) : figure.failure);
    figure.element.hidden = all.length === 0;
    this.strip.element.hidden = all.length === 0;
    if (all.length === 0) return;
    this.setHeight(quantities.length);
    this.strip.draw({ quantities, cursor: session.cursor, compared: null, distance: "" });
    figure.element.setAttribute("aria-label", describe(quantities));
    if (figure.width === 0 || figure.failure) return;
    this.root.dataset.labkitStep = String(lastStepOf(quantities));
    if (!figure.ready) {
      this.drawEarly(quantities);
      return;
    }
    if (isLive && this.drawTail(quantities)) return;
    this.drawFigure(quantities);
  }

  private setAxis(): void {
    const { session, toolbar, figure } = this;
    const { key } = this.axis;
    this.axis = toolbar.chooseAxis(knownAxes(session.progress, session.state?.epoch_start ?? null));
    if (this.axis.key !== key) figure.range = null; // It is a range of the other axis.
  }

  private setHeight(panels: number): void {
    this.figure.element.style.flexBasis = `${FIRST_PANEL + FURTHER_PANEL * (panels - 1)}px`;
    const least = `${MIN_FIRST_PANEL + MIN_FURTHER_PANEL * (panels - 1)}px`;
    for (const { style } of [this.figure.element, this.stage]) style.minHeight = least;
  }

  /** Draws the newest points only; returns false if the figure must be drawn. */
  private drawTail(quantities: readonly DrawnQuantity[]): boolean {
    const { figure, session, toolbar, axis } = this;
    const { state } = session;
    if (!state || !isTraining(state) || state.skipped.length !== this.skipped) return false;
    if (session.tuning.events !== this.events) return false;
    if (figure.element.matches(":hover")) return false; // The tooltip needs all points.
    const panels = figure.panels(quantities.length);
    return this.tail.draw({ quantities, axis, smoothing: toolbar.smoothing, panels });
  }

  private drawFigure(quantities: readonly DrawnQuantity[]): void {
    const { toolbar, figure, session, axis } = this;
    const { state } = session;
    this.skipped = state?.skipped.length ?? 0;
    this.events = session.tuning.events;
    // A paused loop has room, too, so that the figure is as it was and remains when it goes on.
    const isLive = state && (isTraining(state) || state.status === "paused") && !figure.range;
    const plot = curvesPlot({
      quantities,
      axis,
      smoothing: toolbar.smoothing,
      logarithmic: toolbar.logarithmic,
      cursor: session.cursor,
      mark: session.mark,
      events: this.events,
      skipped: state?.skipped ?? [],
      room: isLive ? roomFor(state) : 0,
      range: figure.range,
      width: figure.width,
      height: figure.height,
      theme: this.live.theme,
    });
    setText(this.warning, plot.warnings.join("; "));
    this.tail.begin(quantities, axis);
    figure.draw(plot.traces, plot.layout);
  }

  private drawEarly(quantities: readonly DrawnQuantity[]): void {
    const { width, height } = this.figure;
    const { logarithmic } = this.toolbar;
    const { axis } = this;
    this.early.draw({ quantities, axis, logarithmic, theme: this.live.theme, width, height });
  }
}

/** Whether steps are being made; a loop that is about to pause is at its last one. */
function isTraining({ status }: RunState): boolean {
  return status === "running" || status === "pausing";
}

function lastStepOf(quantities: readonly DrawnQuantity[]): number {
  return Math.max(
    -1,
    ...quantities.flatMap(({ lines }) => lines.map(({ table }) => table.lastStep)),
  );
}
