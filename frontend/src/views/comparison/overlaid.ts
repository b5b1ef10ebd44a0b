/** The curves of all runs over each other: a panel for each series, a line for each run. */

import { CursorNote } from "../../parts/cursor-note";
import { make, setText } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { ViewSettings } from "../../parts/view-settings";
import type { Layout } from "../../plot/plotly";
import { cursorShape, PlotlyFigure } from "../../plot/plotly-figure";
import { BY_STEP } from "../../plot/step-axis";
import { distanceText, endsOf } from "../curves/comparison";
import { CursorKeys } from "../curves/cursor-keys";
import { describe } from "../curves/description";
import { savePicture, saveValues } from "../curves/export";
import { type CurvesInput, curvesPlot } from "../curves/plot";
import type { DrawnQuantity } from "../curves/quantities";
import { commonDecay } from "../curves/runs-beside";
import { CurvesToolbar, type FileFormat } from "../curves/toolbar";
import { type CommonAxis, commonAxes } from "./common-axes";
import { LayerMenu } from "./layer-menu";
import type { LinkedRun, LinkedRuns } from "./linked-runs";
import { lookOf } from "./looks";
import { RunValues } from "./run-values";
import { asQuantities, drawnPanels, layerSeries, type SharedSeries, sharedSeries } from "./series";

const FIRST_PANEL = 260;
const FURTHER_PANEL = 150;
const STEPS: CommonAxis = { axis: BY_STEP, of: () => BY_STEP };
/** What the lines of a run and of its average have in common: each line is two traces. */
const TRACES_PER_LINE = 2;

export function drawOverlaid(root: HTMLElement, runs: LinkedRuns): () => void {
  const view = new OverlaidCurves(root, runs);
  return () => view.close();
}

class OverlaidCurves {
  private readonly first: LinkedRun;
  private readonly cursor: CursorNote;
  private readonly toolbar: CurvesToolbar;
  private readonly menu: LayerMenu;
  private readonly figure: PlotlyFigure;
  private readonly keys: CursorKeys;
  private readonly values: RunValues;
  private readonly empty = new EmptyMessage();
  private readonly warning = make("p", { class: "labkit-message labkit-warning", role: "status" });
  private readonly distance = make("p", { class: "labkit-message", role: "status" });
  private readonly live: LiveDrawing;
  private shared: readonly SharedSeries[] = [];
  private panels: readonly DrawnQuantity[] = [];
  private common = STEPS;
  /** The cursor with which the first is compared. */
  private second: number | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly runs: LinkedRuns,
  ) {
    this.first = runs.all[0] as LinkedRun;
    const { session } = this.first;
    const settings = new ViewSettings(`${runs.id} overlaid`);
    const changed = () => this.live.now();
    this.cursor = new CursorNote(session);
    this.menu = new LayerMenu(settings, changed);
    const extra = make("div", { class: "labkit-notes" }, this.cursor.element);
    const actions = { changed, export: (format: FileFormat) => void this.export(format) };
    this.toolbar = new CurvesToolbar(actions, extra, settings);
    this.toolbar.element.insertBefore(this.menu.element, extra);
    this.toolbar.stacks([]);
    this.figure = new PlotlyFigure(session, "labkit-comparison", {
      changed,
      clicked: (place, trace, withShift) => this.click(place, trace, withShift),
    });
    this.keys = this.makeKeys();
    this.values = new RunValues((step) => runs.setCursor(step));
    const stage = make("div", { class: "labkit-stage" });
    stage.append(this.figure.element, this.keys.element, this.empty.element);
    root.classList.add("labkit-curves", "labkit-overlaid");
    root.replaceChildren(
      this.toolbar.element,
      this.warning,
      stage,
      this.distance,
      this.values.element,
    );
    this.live = new LiveDrawing(root, session, () => this.draw(), "every frame");
    this.draw();
  }

  close(): void {
    this.live.close();
    this.figure.close();
    this.root.replaceChildren();
  }

  private makeKeys(): CursorKeys {
    const { runs } = this;
    const overlaid = this;
    return new CursorKeys({
      get cursor() {
        return runs.cursor;
      },
      get second() {
        return overlaid.second;
      },
      steps: () => this.steps(),
      setCursor: (step) => runs.setCursor(step),
      setSecond: (step) => this.setSecond(step),
    });
  }

  /** Returns the steps of the longest line in the first panel. */
  private steps(): Float64Array {
    const lines = this.panels[0]?.lines ?? [];
    const all = lines.map(({ table, column }) => table.points(column).steps);
    const longest = (best: Float64Array, each: Float64Array) =>
      (each.at(-1) ?? 0) > (best.at(-1) ?? 0) ? each : best;
    return all.reduce(longest, new Float64Array(0));
  }

  /** Moves the cursor to the step at which the run of the clicked line was at this place. */
  private click(place: number, trace: number, withShift: boolean): void {
    const series = this.shared.flatMap((each) => each.series);
    const run = series[Math.floor(trace / TRACES_PER_LINE)]?.run ?? this.first;
    const step = Math.round(this.common.of(run).stepAt(place));
    if (!withShift) {
      this.runs.setCursor(step);
      return;
    }
    this.setSecond(step);
    this.keys.focusByMouse(); // Escape removes the cursor.
  }

  private setSecond(step: number | null): void {
    this.second = step;
    this.live.now();
  }

  private draw(): void {
    const { runs, toolbar, figure, live } = this;
    const { shown } = runs;
    const all = sharedSeries(shown);
    const chosen = new Set(toolbar.choose(asQuantities(all)).map(({ key }) => key));
    const layer = this.menu.choose(shown, this.first.session.selected);
    const added = layer && layerSeries(shown, layer);
    this.shared = [...all.filter(({ key }) => chosen.has(key)), ...(added ? [added] : [])];
    this.setAxis(shown);
    this.panels = drawnPanels(this.shared, live.theme, this.common.of);
    this.cursor.update();
    const isEmpty = this.shared.length === 0;
    this.empty.show(isEmpty ? emptyMessage(this.first.session) : figure.failure);
    for (const { element } of [figure, this.values, this.keys]) element.hidden = isEmpty;
    if (isEmpty) return;
    this.drawValues(shown);
    const height = FIRST_PANEL + FURTHER_PANEL * (this.panels.length - 1);
    figure.element.style.flexBasis = figure.element.style.minHeight = `${height}px`;
    if (figure.width === 0 || figure.failure || !figure.ready) return;
    const plot = curvesPlot(this.input());
    setText(this.warning, plot.warnings.join("; "));
    const shapes = [...(plot.layout.shapes as Layout[]), ...this.cursorShapes(shown)];
    // The tooltip is about one panel: with those of all, it would cover the lines.
    figure.draw(plot.traces, { ...plot.layout, shapes, hoversubplots: "single" });
  }

  private setAxis(shown: readonly LinkedRun[]): void {
    const { key } = this.common.axis;
    const axes = commonAxes(shown);
    const axis = this.toolbar.chooseAxis(axes.map((each) => each.axis));
    this.common = axes.find((each) => each.axis === axis) ?? STEPS;
    if (this.common.axis.key !== key) this.figure.range = null; // It is a range of the other axis.
  }

  private drawValues(runs: readonly LinkedRun[]): void {
    const { cursor } = this.runs;
    const compared = endsOf(cursor, this.second, this.steps().at(-1) ?? 0);
    const { shared } = this;
    this.values.draw({ runs, shared, theme: this.live.theme, cursor, compared });
    const distance = compared ? distanceText(compared, [BY_STEP]) : "";
    setText(this.distance, distance);
    const description = describe(this.panels);
    this.figure.element.setAttribute("aria-label", description);
    this.keys.update(distance || description);
  }

  private input(quantities = this.panels): CurvesInput {
    const { figure, toolbar, common } = this;
    return {
      quantities,
      axis: common.axis,
      smoothing: toolbar.smoothing,
      logarithmic: toolbar.logarithmic,
      cursor: null,
      second: null,
      mark: null,
      events: [],
      skipped: [],
      room: 0,
      range: figure.range,
      decay: commonDecay(this.runs.sessions, toolbar.smoothing),
      width: figure.width,
      height: figure.height,
      theme: this.live.theme,
    };
  }

  /** Returns the cursors: where each run was at the step, if that is not one place. */
  private cursorShapes(runs: readonly LinkedRun[]): Layout[] {
    const { theme } = this.live;
    return [this.runs.cursor, this.second].flatMap((step) => {
      if (step === null) return [];
      if (this.common.axis.kind === "step") return cursorShape(step, theme);
      return runs.flatMap((run) => {
        const last = run.session.state?.step ?? step;
        const text = lookOf(run.place, theme).colour;
        return cursorShape(this.common.of(run).at(Math.min(step, last)), { ...theme, text });
      });
    });
  }

  private async export(format: FileFormat): Promise<void> {
    const name = this.runs.shown.map((run) => run.name).join(" ");
    const { theme } = this.live;
    try {
      const panels = drawnPanels(this.shared, theme, this.common.of, "run and series");
      if (format === "CSV") {
        const lines = panels.flatMap((panel) => panel.lines);
        saveValues(lines, [BY_STEP], name);
      } else await savePicture(this.figure, this.input(panels), theme, name);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      setText(this.warning, `The curves were not saved: ${reason}.`);
    }
  }
}
