/** Draws one series of several runs over each other, up to a step in full colour. */

import type { LoopCurves, LoopSeries } from "../../messages/loop";
import { makeSvg } from "../../parts/element";

const WIDTH = 440;
const HEIGHT = 150;
const LEFT = 40;
const RIGHT = 8;
const TOP = 22;
const BOTTOM = 22;
/** Curves are drawn up to so many times the largest value of the run with all lines. */
const HEADROOM = 1.5;
/** The colours of the runs, which can be read on light and on dark pages. */
export const COLOURS = ["#0a84c6", "#d55e00"];
/** The run with all lines is wider, so that a run with equal values does not hide it. */
const WIDTHS = [4, 1.8];

/** The names of all series of the runs, in the order in which they appear. */
export function seriesNames(runs: readonly LoopCurves[]): string[] {
  return [...new Set(runs.flatMap((run) => run.series.map((series) => series.name)))];
}

/** The last step of all series. */
export function lastStep(runs: readonly LoopCurves[]): number {
  const ends = runs.flatMap((run) => run.series.map((series) => series.steps.at(-1) ?? 0));
  return Math.max(1, ...ends);
}

/** The value of a series at a step or, if there is none, at the last one before it. */
export function valueAt(series: LoopSeries, step: number): number | null | undefined {
  let found: number | null | undefined;
  series.steps.forEach((each, place) => {
    if (each <= step) found = series.values[place];
  });
  return found;
}

/** The upper end of the axis; fractions have all of 0 to 1. */
export function topOf(found: readonly LoopSeries[]): number {
  const known = (series: LoopSeries | undefined) =>
    (series?.values ?? []).filter((value) => value !== null).map(Math.abs);
  if (found.flatMap(known).every((value) => value <= 1)) return 1;
  return roundedUp(Math.max(0, ...known(found[0])) * HEADROOM || 1);
}

/** The next number with one significant digit. */
function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit) * unit;
}

/** Returns a drawing of the series with this name. */
export function drawChart(
  name: string,
  runs: readonly LoopCurves[],
  last: number,
  step: number,
): SVGElement {
  const places = runs.map((run) => run.series.find((series) => series.name === name));
  const top = topOf(places.filter((series) => series !== undefined));
  const chart = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: "100%" });
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", described(name, runs, places));
  chart.style.maxWidth = "560px";
  chart.append(...axes(name, top, last));
  places.forEach((series, place) => {
    if (series) chart.append(...curves(series, place, { top, last, step }));
  });
  return chart;
}

interface Scale {
  readonly top: number;
  readonly last: number;
  readonly step: number;
}

function axes(name: string, top: number, last: number): SVGElement[] {
  const bottom = HEIGHT - BOTTOM;
  const frame = makeSvg("path", {
    d: `M${LEFT},${TOP}V${bottom}H${WIDTH - RIGHT}`,
    class: "axis",
  });
  return [
    frame,
    text(name, LEFT, 13, "start", "name"),
    text(shortNumber(top), LEFT - 6, TOP + 8, "end"),
    text("0", LEFT - 6, bottom, "end"),
    text("0", LEFT, HEIGHT - 6, "middle"),
    text(`step ${last}`, WIDTH - RIGHT, HEIGHT - 6, "end"),
  ];
}

/** The whole curve faintly, the part up to the step in full colour, and a dot at its end. */
function curves(series: LoopSeries, place: number, scale: Scale): SVGElement[] {
  const points = series.steps.map((step, at): [number, number, number] => [
    step,
    across(step, scale.last),
    up(series.values[at] ?? null, scale.top),
  ]);
  const seen = points.filter(([step]) => step <= scale.step);
  const end = seen.at(-1);
  const drawn = [line(points, place, 0.25), line(seen, place, 1)];
  if (end) drawn.push(dot(end, place));
  return drawn;
}

function line(points: [number, number, number][], place: number, opacity: number): SVGElement {
  return makeSvg("polyline", {
    points: points.map(([, x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
    fill: "none",
    stroke: COLOURS[place % COLOURS.length] ?? "",
    "stroke-width": String(WIDTHS[place % WIDTHS.length]),
    "stroke-opacity": String(opacity),
    "stroke-linejoin": "round",
  });
}

function dot([, x, y]: [number, number, number], place: number): SVGElement {
  const fill = COLOURS[place % COLOURS.length] ?? "";
  return makeSvg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: "4", fill });
}

function across(step: number, last: number): number {
  return LEFT + ((WIDTH - LEFT - RIGHT) * step) / last;
}

/** What is not a number, and what is above the axis, is at its top. */
function up(value: number | null, top: number): number {
  const share = value === null ? 1 : Math.min(1, Math.max(0, value / top));
  return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
}

function described(
  name: string,
  runs: readonly LoopCurves[],
  places: readonly (LoopSeries | undefined)[],
): string {
  const ends = runs.map((run, place) => {
    const values = places[place]?.values ?? [];
    if (values.length === 0) return `${run.label}: nothing`;
    return `${run.label}: from ${shown(values[0])} to ${shown(values.at(-1))}`;
  });
  return `${name} over the steps. ${ends.join("; ")}.`;
}

/** A value as text; null is what JSON has no number for. */
export function shown(value: number | null | undefined): string {
  if (value === undefined) return "–";
  return value === null ? "not a number" : shortNumber(value);
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 || (size > 0 && size < 1e-3)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

function text(content: string, x: number, y: number, anchor: string, kind = "tick"): SVGElement {
  const made = makeSvg("text", { x: String(x), y: String(y), "text-anchor": anchor, class: kind });
  made.textContent = content;
  return made;
}
