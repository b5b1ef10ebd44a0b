/** The views of the runs beside each other, in columns of equal width, with one menu. */

import { make, setText } from "../../parts/element";
import { PANEL_TITLES } from "../../parts/panel";
import { RedrawScheduler } from "../../parts/redraw-scheduler";
import { readTheme } from "../../parts/theme";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView } from "../../session";
import { drawActivations } from "../activations/view";
import { drawCurves } from "../curves/view";
import { drawGradients } from "../gradients/view";
import { drawGraph } from "../graph/view";
import { drawLayers } from "../layers/view";
import type { LinkedRun, LinkedRuns } from "./linked-runs";
import { lookOf, Swatch } from "./looks";
import { progressText } from "./run-chips";
import { SharedMenu } from "./shared-menu";

const VIEWS = {
  curves: drawCurves,
  gradients: drawGradients,
  activations: drawActivations,
  graph: drawGraph,
  layers: drawLayers,
} as const satisfies Partial<Record<keyof typeof PANEL_TITLES, DrawView>>;
type ViewName = keyof typeof VIEWS;
const NAMES = Object.keys(VIEWS) as ViewName[];
const VIEW = "comparison view";
const MAX_COLUMNS = 4;

interface Column {
  readonly run: LinkedRun;
  readonly element: HTMLElement;
  readonly body: HTMLElement;
  readonly swatch: Swatch;
  readonly progress: HTMLElement;
  readonly close: () => void;
}

export function drawBeside(root: HTMLElement, runs: LinkedRuns): () => void {
  const view = new BesideView(root, runs);
  return () => view.close();
}

class BesideView {
  private readonly select = make("select", {
    "aria-label": "View",
    title: "Which view of each run is shown",
  });
  private readonly bar = make("div", { class: "labkit-beside-bar" });
  private readonly grid = make("div", { class: "labkit-beside" });
  private readonly redraw: RedrawScheduler;
  private readonly unsubscribe: () => void;
  private columns: readonly Column[] = [];
  private menu: SharedMenu | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly runs: LinkedRuns,
  ) {
    const settings = new ViewSettings(runs.id);
    this.select.append(
      ...NAMES.map((name) => make("option", { value: name }, PANEL_TITLES[name][0])),
    );
    settings.restore(this.select, VIEW);
    settings.saveOnChange(this.select, VIEW);
    this.select.addEventListener("change", () => this.show());
    root.replaceChildren(this.bar, this.grid);
    this.redraw = new RedrawScheduler(root, () => this.update());
    this.unsubscribe = runs.subscribe(() => this.redraw.later());
    this.show();
  }

  close(): void {
    this.unsubscribe();
    this.redraw.close();
    this.end();
    this.root.replaceChildren();
  }

  private end(): void {
    this.menu?.close();
    this.menu = null;
    for (const { close } of this.columns) close();
    this.columns = [];
  }

  private show(): void {
    this.end();
    const name = this.select.value as ViewName;
    this.grid.dataset.labkitBeside = name;
    const frames = this.runs.shown.map((run) => frameOf(run));
    // Views read their size and colours while they are drawn.
    this.grid.replaceChildren(...frames.map(({ element }) => element));
    this.grid.style.setProperty("--labkit-columns", String(columnsFor(frames.length)));
    this.columns = frames.map((frame) => ({
      ...frame,
      close: VIEWS[name](frame.body, frame.run.session),
    }));
    this.menu = new SharedMenu(this.columns.map(({ body }) => body));
    const choice = make("div", { class: "labkit-toolbar" }, this.select);
    // The styles of some controls are those of a view's class.
    const { className } = this.columns[0]?.body ?? this.bar;
    const menu = make("div", { class: `labkit-beside-menu ${className}` }, ...this.menu.elements);
    this.bar.replaceChildren(choice, menu);
    this.update();
  }

  private update(): void {
    const theme = readTheme(this.root);
    for (const { run, swatch, progress } of this.columns) {
      swatch.show(lookOf(run.place, theme));
      setText(progress, progressText(run.session));
    }
    this.menu?.repeat();
  }
}

/** Returns the number of columns in a wide page, where more than four runs have two rows. */
function columnsFor(runs: number): number {
  return runs <= MAX_COLUMNS ? runs : Math.ceil(runs / 2);
}

function frameOf(run: LinkedRun): Omit<Column, "close"> {
  const swatch = new Swatch();
  const progress = make("span", { class: "labkit-comparison-progress" });
  const name = make("span", { class: "labkit-comparison-name", title: run.name }, run.name);
  const head = make("div", { class: "labkit-comparison-label" }, swatch.element, name, progress);
  const body = make("div");
  const label = { class: "labkit-beside-column", role: "group", "aria-label": run.name };
  const element = make("section", label, head, body);
  return { run, element, body, swatch, progress };
}
