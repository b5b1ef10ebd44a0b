/** Draws gradient histograms as SVG, one row for each parameter. */

import { FROZEN } from "../../heat-map/rows";
import type { HistogramBins } from "../../messages/values";
import { makeSvg } from "../../parts/element";
import { formatValue, shortenPath } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import { visibleText } from "../../parts/visible-text";
import type { GradientHistogram } from "../../session";

const WIDTH = 560;
const LEFT = 170;
const RIGHT = 10;
/** Width of the text with the range of a histogram whose bins are even. */
const RANGE_WIDTH = 136;
const ROW_HEIGHT = 20;
/** Maximum height of a histogram, which may overlap the row above, in px. */
const HISTOGRAM_HEIGHT = 30;
const BOTTOM = 30;

export interface RidgeContent {
  readonly found: readonly GradientHistogram[];
  readonly bins: HistogramBins;
  readonly theme: Theme;
  /** Names of the frozen parameters. */
  readonly frozen: ReadonlySet<string>;
  /** Names of the parameters that the selection marks. */
  readonly marked: ReadonlySet<string>;
  /** The first bin of magnitudes that is drawn, and the one after the last. */
  readonly range: readonly [from: number, to: number];
}

/** Returns the place of a row in a drawing of some width, in px, with the histogram above it. */
export function topOf(place: number, width: number): { top: number; bottom: number } {
  const scale = width / WIDTH;
  const bottom = HISTOGRAM_HEIGHT + (place + 1) * ROW_HEIGHT;
  return { top: (bottom - HISTOGRAM_HEIGHT) * scale, bottom: bottom * scale };
}

export function drawRidge(content: RidgeContent): Element {
  const { found, bins, theme } = content;
  const height = HISTOGRAM_HEIGHT + found.length * ROW_HEIGHT + BOTTOM;
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "group" });
  svg.setAttribute(
    "aria-label",
    `Histograms of ${found.length} gradients: ${found.map(({ name }) => name).join(", ")}`,
  );
  const shown = bins === "magnitude" ? content.range : ([0, 40] as const);
  for (const place of found.keys()) svg.append(drawRow(content, place, shown));
  if (bins === "magnitude" && found[0]) axis(svg, found[0].edges, ...shown, height, theme);
  return svg;
}

function drawRow(
  { found, bins, theme, frozen, marked }: RidgeContent,
  place: number,
  [from, to]: readonly [from: number, to: number],
): Element {
  const histogram = found[place] as GradientHistogram;
  const { name, counts } = histogram;
  const right = WIDTH - (bins === "even" ? RANGE_WIDTH : RIGHT);
  const base = HISTOGRAM_HEIGHT + (place + 1) * ROW_HEIGHT;
  const part = found.length > 1 ? place / (found.length - 1) : 0;
  const colour = theme.series[part > 0.5 ? 1 : 0] as string;
  const isMarked = marked.has(name);
  const isFirstMarked = marked.size > 0 ? marked.values().next().value === name : place === 0;
  const row = makeSvg("g", {
    class: isMarked ? "labkit-ridge-row labkit-picked" : "labkit-ridge-row",
    "data-name": name,
    role: "button",
    tabindex: isFirstMarked ? "0" : "-1",
    "aria-label": name,
    "aria-pressed": String(isMarked),
  });
  row.append(
    label(nameText(name, frozen.has(name), isMarked), LEFT - 8, base - 4, "end", theme, name),
    makeSvg("path", {
      d: outline(counts.subarray(from, to), base, right),
      fill: colour,
      "fill-opacity": isMarked ? "0.8" : "0.45",
      stroke: isMarked ? theme.text : colour,
      "stroke-width": isMarked ? "1.6" : "1",
    }),
  );
  if (bins === "even") drawRange(row, histogram, base, theme);
  return row;
}

/** A name in bold type has room for fewer characters. */
function nameText(name: string, isFrozen: boolean, isBold: boolean): string {
  const max = isBold ? 21 : 24;
  return isFrozen ? `${shortenPath(name, max - 9)} · ${FROZEN}` : shortenPath(name, max);
}

function drawRange(row: Element, { edges }: GradientHistogram, base: number, theme: Theme): void {
  const low = formatValue(edges[0] as number);
  const high = formatValue(edges[edges.length - 1] as number);
  row.append(label(`${low} … ${high}`, WIDTH - 2, base - 6, "end", theme, `${low} to ${high}`));
}

/** Returns the first and the last bin that is not empty in some histogram. */
export function nonEmptyBins(found: readonly GradientHistogram[]): readonly [number, number] {
  let [from, to] = [40, 0];
  for (const { counts } of found) {
    counts.forEach((count, bin) => {
      if (count <= 0) return;
      from = Math.min(from, bin);
      to = Math.max(to, bin + 1);
    });
  }
  return from < to ? [from, to] : [0, 40];
}

function outline(counts: Float32Array, base: number, right: number): string {
  const max = Math.max(1, ...counts);
  const step = (right - LEFT) / counts.length;
  const points = Array.from(
    counts,
    (count, bin) => `${LEFT + (bin + 0.5) * step},${base - (count / max) * HISTOGRAM_HEIGHT}`,
  );
  return `M${LEFT},${base}L${points.join("L")}L${right},${base}Z`;
}

function axis(
  svg: Element,
  edges: Float64Array,
  from: number,
  to: number,
  height: number,
  theme: Theme,
): void {
  const [low, high] = [Math.log10(edges[from] as number), Math.log10(edges[to] as number)];
  const every = Math.max(1, Math.ceil((high - low) / 6));
  for (let power = Math.ceil(low); power <= high; power += every) {
    const x = LEFT + ((power - low) / (high - low)) * (WIDTH - RIGHT - LEFT);
    svg.append(label(`1e${power}`, x, height - 12, "middle", theme, `10 to the power ${power}`));
  }
}

function label(
  text: string,
  x: number,
  y: number,
  anchor: string,
  theme: Theme,
  title: string,
): Element {
  const made = makeSvg("text", {
    x: String(x),
    y: String(y),
    "text-anchor": anchor,
    fill: theme.text,
    "font-size": "11",
  });
  const hint = makeSvg("title", {});
  hint.textContent = visibleText(title);
  made.append(visibleText(text), hint);
  return made;
}
