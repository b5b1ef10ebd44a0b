/** A plotly figure: loads the library, adapts to the size of its box, reports zooms and clicks. */

import { make } from "../parts/element";
import type { Theme } from "../parts/theme";
import type { RunSession } from "../session";
import { ClickPlaces } from "./click-places";
import { joinZoom, zoomOthers } from "./common-zoom";
import {
  type ClickedPoint,
  CONFIG,
  type DrawnAxis,
  type Layout,
  loadPlotly,
  type PlotClick,
  type PlotElement,
  type Plotly,
  type Trace,
} from "./plotly";

export type StepRange = readonly [from: number, to: number];

/** The area of one panel in px, and the place of a point in it. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  x(step: number): number;
  y(value: number): number;
}

export interface FigureEvents {
  /** The figure must be drawn again: the library was loaded, or the size or the zoom changed. */
  changed(): void;
  /**
   * A place of the horizontal axis was clicked, with or without the Shift key. `trace` is the number
   * of the trace, counted from 0.
   */
  clicked(place: number, trace: number, withShift: boolean): void;
}

const FONT = "system-ui, -apple-system, Segoe UI, sans-serif";

/** Buttons that work without a network; none of them uploads data. */
const BUTTONS = [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]];

/** Pixels per px of a picture. */
const PICTURE_SCALE = 2;

/** Shows its placeholder until the library is loaded and the figure drawn. */
export class PlotlyFigure {
  readonly element = make("div", { class: "labkit-plot", role: "figure" });
  /** The range of steps that the user zoomed to; null for all. */
  range: StepRange | null = null;
  /** Why there is no figure, as a sentence; null without a failure. */
  failure: string | null = null;
  private readonly canvas: PlotElement = make("div", { class: "labkit-plot-canvas" });
  private plotly: Plotly | null = null;
  private listening = false;
  private closed = false;
  /** The cursor before the last click, which a double click restores. */
  private cursorBefore: number | null = null;
  private readonly clickPlaces = new ClickPlaces(this.canvas);
  private readonly resizes: ResizeObserver;
  private readonly endZoom: () => void;

  constructor(
    private readonly session: RunSession,
    private readonly fileName: string,
    private readonly events: FigureEvents,
    private readonly placeholder: HTMLElement = loadingText(),
  ) {
    this.element.append(this.canvas, placeholder);
    this.resizes = new ResizeObserver(() => this.events.changed());
    this.resizes.observe(this.element);
    this.endZoom = joinZoom(session.beside, this);
    loadPlotly(session).then(
      (plotly) => {
        this.plotly = plotly;
        if (!this.closed) this.events.changed();
      },
      (error: unknown) => {
        this.failure = `The plotting library did not load: ${error}`;
        placeholder.remove();
        if (!this.closed) this.events.changed();
      },
    );
  }

  get width(): number {
    return this.element.clientWidth;
  }

  get height(): number {
    return this.element.clientHeight;
  }

  get ready(): boolean {
    return this.plotly !== null && this.width > 0;
  }

  /** Returns the panels of the drawn figure, from the top; fewer while it is not drawn. */
  panels(count: number): Panel[] {
    const { _fullLayout: layout } = this.canvas;
    const x = layout?.xaxis;
    const panels: Panel[] = [];
    for (let number = 1; number <= count; number++) {
      const y = layout?.[number === 1 ? "yaxis" : `yaxis${number}`];
      if (x && y) panels.push(panelOf(x, y));
    }
    return panels;
  }

  draw(traces: readonly Trace[], layout: Layout): void {
    if (!this.plotly || this.closed) return;
    this.placeholder.remove();
    const size = { width: this.width, height: this.height, ...this.commonZoom(layout) };
    const config = {
      ...CONFIG,
      doubleClick: "reset",
      showTips: false,
      modeBarButtons: BUTTONS,
      toImageButtonOptions: { format: "png", filename: this.fileName, scale: PICTURE_SCALE },
    };
    this.plotly.react(this.canvas, traces, { ...layout, ...size }, config);
    if (!this.listening) this.listen();
  }

  /** Shows a range to which a figure beside this one was zoomed. */
  zoom(range: StepRange | null): void {
    this.range = range;
    this.events.changed();
  }

  /** Returns the horizontal axis with its range, which plotly does not know from the user here. */
  private commonZoom({ xaxis }: Layout): Layout {
    if (!this.session.beside) return {};
    const { range } = this;
    const place = range ? { range, autorange: false } : { autorange: true };
    return { xaxis: { ...(xaxis as Layout), ...place } };
  }

  /** Resolves to a picture of the figure, with its own background. */
  async picture(traces: readonly Trace[], layout: Layout, theme: Theme): Promise<Blob> {
    if (!this.plotly) throw new Error("the plotting library is not loaded");
    const { width, height } = this;
    const whole = { ...layout, width, height, paper_bgcolor: theme.paper };
    const options = { format: "png", width, height, scale: PICTURE_SCALE } as const;
    return pngOf(await this.plotly.toImage({ data: traces, layout: whole }, options));
  }

  close(): void {
    this.closed = true;
    this.endZoom();
    this.resizes.disconnect();
    this.plotly?.purge(this.canvas);
  }

  /** Returns the point nearest to the pointer: some curves have few points. */
  private nearest(points: PlotClick["points"], clientX: number): ClickedPoint | undefined {
    const axis = this.canvas._fullLayout?.xaxis;
    const [first] = points;
    if (!axis || !first) return first;
    const pointer = axis.p2d(clientX - this.canvas.getBoundingClientRect().left - axis._offset);
    const distance = ({ x }: ClickedPoint) => Math.abs(x - pointer);
    return points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
  }

  private listen(): void {
    this.listening = true;
    this.canvas.on?.("plotly_click", ({ points, event }) => {
      const point = this.nearest(points, event.clientX);
      if (point === undefined || this.clickPlaces.isRepeated(event)) return;
      this.cursorBefore = this.session.cursor;
      this.events.clicked(point.x, point.curveNumber, event.shiftKey);
    });
    this.canvas.on?.("plotly_doubleclick", () => this.session.setCursor(this.cursorBefore));
    this.canvas.on?.("plotly_relayout", (change) => {
      const range = rangeAfter(change);
      if (range === undefined) return;
      this.range = range;
      zoomOthers(this.session.beside, this, range);
      this.events.changed();
    });
  }
}

/** Decodes a data URL, as a page may be forbidden to fetch it. */
function pngOf(address: string): Blob {
  const decoded = atob(address.slice(address.indexOf(",") + 1));
  const bytes = Uint8Array.from(decoded, (sign) => sign.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

function loadingText(): HTMLElement {
  return make("p", { class: "labkit-empty" }, "Loading the plotting library");
}

function panelOf(x: DrawnAxis, y: DrawnAxis): Panel {
  return {
    left: x._offset,
    width: x._length,
    top: y._offset,
    height: y._length,
    x: (step) => x._offset + x.d2p(step),
    y: (value) => y._offset + y.d2p(value),
  };
}

/** Returns the range of steps that a change of plotly's layout sets; undefined if none. */
export function rangeAfter(change: Record<string, unknown>): StepRange | null | undefined {
  if (change["xaxis.autorange"] === true) return null;
  const whole = change["xaxis.range"] as readonly unknown[] | undefined;
  const from = change["xaxis.range[0]"] ?? whole?.[0];
  const to = change["xaxis.range[1]"] ?? whole?.[1];
  return from === undefined || to === undefined ? undefined : [Number(from), Number(to)];
}

/** Returns the common layout of all figures. `uirevision` preserves the user's zoom. */
export function baseLayout(theme: Theme): Layout {
  const font = { color: theme.text, size: 12, family: FONT };
  return {
    autosize: false,
    dragmode: "zoom",
    font,
    hoverlabel: { bgcolor: theme.paper, bordercolor: theme.gridLine, font },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.mutedText, activecolor: theme.text },
    paper_bgcolor: "rgba(0,0,0,0)",
    // Plotly uses this colour for the outline of the line at the pointer.
    plot_bgcolor: theme.paper,
    showlegend: false,
    uirevision: "labkit",
  };
}

export function baseAxis(theme: Theme): Layout {
  return {
    automargin: false,
    gridcolor: theme.gridLine,
    linecolor: theme.gridLine,
    tickfont: { color: theme.mutedText, size: 11 },
    // Prevents plotly from measuring each label in the page.
    ticklabeloverflow: "allow",
    zeroline: false,
  };
}

/** Returns a logarithmic axis with plain numbers at the ticks. */
export function logAxis(theme: Theme): Layout {
  return { ...baseAxis(theme), type: "log", nticks: 7, tickformat: "~g" };
}

export function cursorShape(cursor: number | null, theme: Theme): Layout[] {
  if (cursor === null) return [];
  const line = { color: theme.text, width: 1.2, dash: "dot" };
  return [{ type: "line", xref: "x", yref: "paper", x0: cursor, x1: cursor, y0: 0, y1: 1, line }];
}
