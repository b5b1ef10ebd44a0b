/** The zoom that the figures of runs beside each other have in common. */

import type { RunsBeside } from "../session";

type Zoom = readonly [from: number, to: number] | null;

export interface ZoomedFigure {
  /** Shows a range of the horizontal axis; all of it for null. */
  zoom(range: Zoom): void;
}

const figures = new WeakMap<RunsBeside, Set<ZoomedFigure>>();

/** Lets a figure follow those beside it; returns what ends it. */
export function joinZoom(beside: RunsBeside | null, figure: ZoomedFigure): () => void {
  if (!beside) return () => undefined;
  const all = figures.get(beside) ?? new Set<ZoomedFigure>();
  figures.set(beside, all);
  all.add(figure);
  return () => all.delete(figure);
}

/** Zooms the figures beside one that the user has zoomed. */
export function zoomOthers(beside: RunsBeside | null, figure: ZoomedFigure, range: Zoom): void {
  if (!beside) return;
  for (const each of figures.get(beside) ?? []) if (each !== figure) each.zoom(range);
}
