/** Draws a logged plotly figure with the part of plotly.js that the page has. */

import { make, setText } from "../../parts/element";
import { readTheme, watchTheme } from "../../parts/theme";
import {
  CONFIG,
  type Layout,
  loadPlotly,
  type PlotElement,
  type Plotly,
  type Trace,
} from "../../plot/plotly";
import { cancelDrawing, drawInNextFrame } from "../../rendering/drawing-frame";
import type { RunSession } from "../../session";
import { adaptedLayout } from "./figure-colours";
import { harmless } from "./harmless-figure";

/** The types of traces that the page's part of plotly.js draws. */
const DRAWN = [
  "bar",
  "box",
  "contour",
  "heatmap",
  "histogram",
  "histogram2d",
  "histogram2dcontour",
  "image",
  "pie",
  "scatter",
  "scatterternary",
  "violin",
];
/** Of figures that set none; plotly's own take half of a small card. */
const MARGIN = { l: 48, r: 16, t: 36, b: 36 };
const HEIGHT = 320;
const MAX_HEIGHT = 480;

interface Figure {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}

export class PlotlyStage {
  readonly element: HTMLElement;
  private readonly canvas: PlotElement = make("div");
  private readonly problem = make("p", { class: "labkit-empty", role: "status" });
  private readonly resizes = new ResizeObserver(() => this.draw());
  private readonly drawAgain = () => this.draw();
  /** In the next frame, since JupyterLab hides the page while it changes its theme. */
  private readonly endTheme = watchTheme(() => drawInNextFrame(this.drawAgain));
  private figure: Figure | null = null;
  private plotly: Plotly | null = null;
  private isLoading = false;
  private isClosed = false;

  constructor(private readonly session: RunSession) {
    this.element = make(
      "div",
      { class: "labkit-sample-plot", role: "figure" },
      this.canvas,
      this.problem,
    );
    this.problem.hidden = true;
    this.resizes.observe(this.element);
  }

  show(json: string, title: string): void {
    this.element.setAttribute("aria-label", title);
    this.figure = figureOf(json);
    const missing = this.figure?.data.find((trace) => !DRAWN.includes(typeOf(trace)));
    if (!this.figure) this.report("This figure cannot be read.");
    else if (missing) this.report(notDrawn(typeOf(missing)));
    else void this.load();
  }

  close(): void {
    this.isClosed = true;
    this.resizes.disconnect();
    this.endTheme();
    cancelDrawing(this.drawAgain);
    this.plotly?.purge(this.canvas);
  }

  private async load(): Promise<void> {
    this.report(null);
    if (this.plotly) this.draw();
    if (this.plotly || this.isLoading) return;
    this.isLoading = true;
    try {
      this.plotly = await loadPlotly(this.session);
      this.draw();
    } catch (error) {
      this.report(`The plotting library did not load: ${error}`);
    }
    this.isLoading = false;
  }

  private draw(): void {
    const width = this.element.clientWidth;
    if (!this.plotly || !this.figure || this.isClosed || !this.problem.hidden || width === 0)
      return;
    const { data } = this.figure;
    const layout = adaptedLayout(this.figure.layout, readTheme(this.element));
    const height = Math.min(Number(layout.height) || HEIGHT, MAX_HEIGHT);
    const size = { width, height, autosize: false };
    void this.react(this.plotly, data, { ...layout, ...size });
  }

  private async react(plotly: Plotly, data: readonly Trace[], layout: Layout): Promise<void> {
    try {
      await plotly.react(this.canvas, data, layout, CONFIG);
    } catch {
      this.report("This figure cannot be drawn.");
    }
  }

  private report(problem: string | null): void {
    this.problem.hidden = problem === null;
    this.canvas.hidden = problem !== null;
    setText(this.problem, problem ?? "");
  }
}

/** Returns a figure as the page can draw it, without links and images from other machines. */
function figureOf(json: string): Figure | null {
  try {
    const { data = [], layout = {} } = harmless(JSON.parse(json)) as Partial<Figure>;
    return { data: data.map(withSvg), layout: { margin: MARGIN, ...layout } };
  } catch {
    return null;
  }
}

/** Returns a trace that is drawn as SVG, which the page's plotly.js draws instead of WebGL. */
function withSvg(trace: Trace): Trace {
  return trace.type === "scattergl" ? { ...trace, type: "scatter" } : trace;
}

function typeOf(trace: Trace): string {
  return String(trace.type ?? "scatter");
}

function notDrawn(type: string): string {
  return (
    `The page cannot draw traces of the type ${type}. ` +
    "plotly.io.from_json(sample.text) is the figure, with a sample of run.logged_samples(...)."
  );
}
