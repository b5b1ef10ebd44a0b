/** How lanes look: a colour and a shape each, so that they differ without colours too. */

import { makeSvg } from "../../parts/element";

const HUES = [
  ...["#ffffff", "#e69f00", "#56b4e9", "#cc79a7"],
  ...["#009e73", "#d55e00", "#f0e442", "#0072b2"],
] as const;

/** Paths around (0, 0): circle, square, triangle, diamond. */
const SHAPES = [
  "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0z",
  "M-5.5,-5.5h11v11h-11z",
  "M0,-7L6.5,5H-6.5z",
  "M0,-7.5L7.5,0L0,7.5L-7.5,0z",
] as const;

export function hueOf(lane: number): string {
  return HUES[lane % HUES.length] as string;
}

/**
 * Returns a part of an id. Each view of a page loads its script anew, so that a counter would give
 * several views the same ids.
 */
export function randomName(): string {
  return Math.random().toString(36).slice(2);
}

/** Returns the marker of a lane, around (0, 0). */
export function markerOf(lane: number): SVGPathElement {
  const d = SHAPES[lane % SHAPES.length] as string;
  return makeSvg("path", { d, fill: hueOf(lane), stroke: "#000", "stroke-width": 1.2 });
}

/** Returns a number with three significant digits. */
export function text(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1).replace("-", "−");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
