/** The part of plotly.js that is used here, loaded once per page when it is first needed. */

import { visibleText } from "../parts/visible-text";
import type { RunSession } from "../session";

export type Trace = Readonly<Record<string, unknown>>;
export type Layout = Readonly<Record<string, unknown>>;

export interface ClickedPoint {
  readonly x: number;
  /** Number of the trace, counted from 0. */
  readonly curveNumber: number;
}

export interface PlotClick {
  /** The mouse event; `detail` counts clicks in quick succession. */
  readonly event: {
    readonly detail: number;
    readonly shiftKey: boolean;
    readonly clientX: number;
  };
  /** The nearest point of each curve. */
  readonly points: readonly ClickedPoint[];
}

/** An axis as plotly has drawn it; `d2p` maps a value to px from its start, `p2d` the reverse. */
export interface DrawnAxis {
  readonly _offset: number;
  readonly _length: number;
  d2p(value: number): number;
  p2d(px: number): number;
}

/** What plotly has drawn; its names are private, and those of the version that ships with labkit. */
export interface DrawnFigure {
  readonly _fullLayout?: Readonly<Record<string, DrawnAxis | undefined>>;
  /** Time of the press from which plotly counts clicks, in ms. */
  _mouseDownTime?: number;
}

export interface PlotElement extends HTMLElement, DrawnFigure {
  on?(event: "plotly_click", listener: (event: PlotClick) => void): void;
  on?(event: "plotly_doubleclick", listener: () => void): void;
  on?(event: "plotly_relayout", listener: (event: Record<string, unknown>) => void): void;
}

export interface Plotly {
  react(
    element: PlotElement,
    traces: readonly Trace[],
    layout: Layout,
    config: object,
  ): Promise<unknown>;
  purge(element: PlotElement): void;
  /** Resolves to a data URL. */
  toImage(
    figure: { readonly data: readonly Trace[]; readonly layout: Layout },
    options: { format: "png"; width: number; height: number; scale: number },
  ): Promise<string>;
}

export async function loadPlotly(session: RunSession): Promise<Plotly> {
  const address = await session.asset("plotly.js");
  const module = (await import(/* @vite-ignore */ address)) as { default: Plotly };
  return module.default;
}

/**
 * Options of every figure. Formulas are not typeset: MathJax, which some pages have, makes links of
 * any address in them.
 */
export const CONFIG = { displaylogo: false, responsive: false, typesetMath: false };

/** Escapes a name, since plotly interprets some markup in its texts. */
export function escapeMarkup(name: string): string {
  const shown = visibleText(name);
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
