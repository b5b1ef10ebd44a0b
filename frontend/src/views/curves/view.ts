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
import { distanceText, endsOf } from "./comparison";
import { CursorKeys } from "./cursor-keys";
import { describe } from "./description";
import { EarlyCurves } from "./early-curves";
import { savePicture, saveValues } from "./export";
import { HiddenLines } from "./hidden-lines";
import { LiveTail, roomFor } from "./live-tail";
import { LossStack } from "./loss-parts";
import { type CurvesInput, curvesPlot } from "./plot";
import {
  type DrawnQuantity,
  drawnQuantities,
  type Quantity,
  quantitiesOf,
  withAreas,
} from "./quantities";
import { decayBeside, linesBeside } from "./runs-beside";
import { CurvesToolbar, type FileFormat } from "./toolbar";
import { ValueStrip } from "./value-strip";

/** Height of the first panel, and of each further one, in px, where the container sets none. */
const FIRST_PANEL = 250;
const FURTHER_PANEL = 130;
/** The same at least, in a container with less room. */
const MIN_FIRST_PANEL = 72;
const MIN_FURTHER_PANEL = 44;

export const drawCurves: DrawView = (root, session) => {
  const view = new CurvesView(root, session);
  return () => view.close();
};

class CurvesView {
  private readonly cursor: CursorNote;
  private readonly keys: CursorKeys;
  private readonly toolbar: CurvesToolbar;
  private readonly figure: PlotlyFigure;
  private readonly strip: ValueStrip;
  private readonly hidden: HiddenLines;
  private readonly empty = new EmptyMessage();
  private readonly warning = make("p", { class: "labkit-message labkit-warning", role: "status" });
  private readonly stage = make("div", { class: "labkit-stage" });
  private readonly stack = new LossStack();
  private readonly tail = new LiveTail();
  private readonly early = new EarlyCurves();
  private quantities: readonly DrawnQuantity[] = [];
  private axis: StepAxis = BY_STEP;
  /** All axes of which enough is known. */
  private axes: readonly StepAxis[] = [BY_STEP];
  /** The cursor with which the first is compared. */
  private second: number | null = null;
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
    const changed = () => this.live.now();
    this.cursor = new CursorNote(session);
    this.keys = this.makeKeys();
    const actions = { changed, export: (format: FileFormat) => void this.export(format) };
    this.toolbar = new CurvesToolbar(actions, this.cursor.element, settings);
    this.hidden = new HiddenLines(settings);
    const events = {
      changed,
      clicked: (place: number, _trace: number, withShift: boolean) => this.click(place, withShift),
    };
    this.figure = new PlotlyFigure(session, "labkit-curves", events, this.early.element);
    this.strip = new ValueStrip({
      moveCursor: (step) => session.setCursor(step),
      toggle: (line) => {
        this.hidden.toggle(line);
        session.beside?.redraw();
        changed();
      },
      endComparison: () => this.setSecond(null),
    });
    root.classList.add("labkit-curves");
    root.dataset.labkitView = "curves";
    this.figure.element.append(this.tail.element);
    this.stage.append(this.figure.element, this.keys.element, this.empty.element);
    root.replaceChildren(this.toolbar.element, this.warning, this.stage, this.strip.element);
    this.live = new LiveDrawing(root, session, (isLive) => this.draw(isLive), "every frame");
    this.draw(false);
  }

  close(): void {
    this.live.close();
    this.figure.close();
    this.root.replaceChildren();
  }

  private makeKeys(): CursorKeys {
    const { session } = this;
    const steps = () => {
      const [line] = this.quantities.flatMap(({ lines }) => lines.filter((each) => !each.isHidden));
      return line ? line.table.points(line.column).steps : new Float64Array(0);
    };
    const second = () => this.second;
    return new CursorKeys({
      get cursor() {
        return session.cursor;
      },
      get second() {
        return second();
      },
      steps,
      setCursor: (step) => session.setCursor(step),
      setSecond: (step) => this.setSecond(step),
    });
  }

  private click(place: number, withShift: boolean): void {
    const step = Math.round(this.axis.stepAt(place));
    if (!withShift) {
      this.session.setCursor(step);
      return;
    }
    this.setSecond(step);
    this.keys.focusByMouse(); // Escape removes the cursor.
  }

  private setSecond(step: number | null): void {
    this.second = step;
    this.live.now();
  }

  private draw(isLive: boolean): void {
    const { session, toolbar, figure } = this;
    const all = this.allQuantities();
    const chosen = toolbar.choose(all);
    const quantities = drawnQuantities(chosen, this.live.theme.series, this.hidden.ids(chosen));
    this.quantities = quantities;
    this.setAxis();
    this.cursor.update();
    this.empty.show(all.length === 0 ? emptyMessage(session) : figure.failure);
    for (const { element } of [figure, this.strip, this.keys]) element.hidden = all.length === 0;
    if (all.length === 0) return;
    this.setHeight(quantities.length);
    this.drawValues(isLive);
    if (figure.width === 0 || figure.failure) return;
    this.root.dataset.labkitStep = String(lastStepOf(quantities));
    if (!figure.ready) {
      this.drawEarly();
      return;
    }
    if (isLive && this.drawTail()) return;
    this.drawFigure();
  }

  /** Returns all quantities, with the parts of the loss as areas if they are stacked. */
  private allQuantities(): Quantity[] {
    const all = quantitiesOf(this.session.tables);
    const areas = this.stack.areasOf(all);
    return this.toolbar.stacks(areas.map(({ name }) => name)) ? withAreas(all, areas) : all;
  }

  private setAxis(): void {
    const { session, toolbar, figure } = this;
    const { key } = this.axis;
    this.axes = knownAxes(session.progress, session.state?.epoch_start ?? null);
    this.axis = toolbar.chooseAxis(this.axes);
    if (this.axis.key !== key) figure.range = null; // It is a range of the other axis.
  }

  private setHeight(panels: number): void {
    this.figure.element.style.flexBasis = `${FIRST_PANEL + FURTHER_PANEL * (panels - 1)}px`;
    const least = `${MIN_FIRST_PANEL + MIN_FURTHER_PANEL * (panels - 1)}px`;
    for (const { style } of [this.figure.element, this.stage]) style.minHeight = least;
  }

  /** Updates the values below the plot, and their text for screen readers. */
  private drawValues(isLive: boolean): void {
    const { quantities, session, second, axes } = this;
    const { cursor } = session;
    const compared = endsOf(cursor, second, lastStepOf(quantities));
    const distance = compared ? distanceText(compared, axes) : "";
    this.strip.draw({ quantities, cursor, compared, distance });
    const description = describe(quantities);
    this.figure.element.setAttribute("aria-label", description);
    if (!isLive) this.keys.update(distance || description);
  }

  /** Draws the newest points only; returns false if the figure must be drawn. */
  private drawTail(): boolean {
    const { figure, session, toolbar, axis, quantities } = this;
    const { state } = session;
    if (!state || !isTraining(state) || state.skipped.length !== this.skipped) return false;
    if (session.tuning.events !== this.events) return false;
    if (session.beside) return false; // The axes extend to the other runs, too.
    if (figure.element.matches(":hover")) return false; // The tooltip needs all points.
    const panels = figure.panels(quantities.length);
    return this.tail.draw({ quantities, axis, smoothing: toolbar.smoothing, panels });
  }

  private drawFigure(): void {
    const { figure, session } = this;
    this.skipped = session.state?.skipped.length ?? 0;
    this.events = session.tuning.events;
    const plot = curvesPlot(this.input());
    setText(this.warning, plot.warnings.join("; "));
    this.tail.begin(this.quantities, this.axis);
    figure.draw(plot.traces, plot.layout);
  }

  private input(): CurvesInput {
    const { toolbar, figure, session, axis, quantities, second } = this;
    const { state } = session;
    // A paused loop has room, too, so that the figure is as it was and remains when it goes on.
    // Runs beside each other end at the same place of the axis.
    const hasRoom = !figure.range && !session.beside;
    const isLive = state && (isTraining(state) || state.status === "paused") && hasRoom;
    return {
      quantities,
      axis,
      smoothing: toolbar.smoothing,
      logarithmic: toolbar.logarithmic,
      cursor: session.cursor,
      second,
      mark: session.mark,
      events: session.tuning.events,
      skipped: state?.skipped ?? [],
      room: isLive ? roomFor(state) : 0,
      range: figure.range,
      width: figure.width,
      height: figure.height,
      others: linesBeside(session, axis),
      decay: decayBeside(session, toolbar.smoothing),
      theme: this.live.theme,
    };
  }

  private drawEarly(): void {
    const { width, height } = this.figure;
    const { quantities, axis } = this;
    const { logarithmic } = this.toolbar;
    this.early.draw({ quantities, axis, logarithmic, theme: this.live.theme, width, height });
  }

  private async export(format: FileFormat): Promise<void> {
    const name = this.session.state?.name ?? "";
    const shown = this.quantities.flatMap(({ lines }) => lines.filter(({ isHidden }) => !isHidden));
    const lines = shown.map((line) => line.part ?? line);
    try {
      if (format === "CSV") saveValues(lines, this.axes, name);
      else await savePicture(this.figure, this.input(), this.live.theme, name);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      setText(this.warning, `The curves were not saved: ${reason}.`);
    }
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
