/** Gradient histograms at the cursor, stacked in forward order. */

import { FROZEN, type Row } from "../../heat-map/rows";
import type { HistogramBins } from "../../messages/values";
import { make, setText } from "../../parts/element";
import { formatCount, formatValue, shortenPath } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import type { GradientHistogram, RunSession } from "../../session";

const WIDTH = 560;
const LEFT = 170;
const RIGHT = 10;
/** Width of the text with the range of a histogram whose bins are even. */
const RANGE_WIDTH = 136;
const ROW_HEIGHT = 20;
/** Maximum height of a histogram, which may overlap the row above, in px. */
const HISTOGRAM_HEIGHT = 30;
const BOTTOM = 30;
const MAX_ROWS = 48;
const REFRESH_MS = 1000;
const NOT_ARRIVED = "No histograms have arrived from the kernel yet";
const NAMESPACE = "http://www.w3.org/2000/svg";

export class HistogramRidge {
  readonly element = make("div", { class: "labkit-ridge" });
  private readonly description = make("p", { class: "labkit-picture-words" });
  private readonly bins = make("select", { "aria-label": "Bins" });
  private readonly stage = make("div", { class: "labkit-ridge-stage" });
  private requestedAt = Number.NEGATIVE_INFINITY;
  private requesting = false;
  private drawnKey = "";

  constructor(
    private readonly session: RunSession,
    private readonly changed: () => void,
  ) {
    this.bins.append(
      make("option", { value: "magnitude" }, "Magnitudes, in powers of ten"),
      make("option", { value: "even" }, "Values, each from least to greatest"),
    );
    this.bins.addEventListener("change", () => {
      this.requestedAt = Number.NEGATIVE_INFINITY;
      this.changed();
    });
    this.element.append(
      make("div", { class: "labkit-toolbar" }, this.bins, this.description),
      this.stage,
    );
    this.element.hidden = true;
  }

  /** Draws the histograms of some rows; requests newer ones at most once a second. */
  async draw(rows: readonly Row[], theme: Theme): Promise<void> {
    const names = rows.slice(0, MAX_ROWS).map(({ name }) => name);
    const { cursor } = this.session;
    const key = `${cursor} ${theme.dark} ${this.bins.value} ${names.length}`;
    const due = performance.now() - this.requestedAt > REFRESH_MS;
    if (this.requesting || (key === this.drawnKey && !due)) return;
    this.requesting = true;
    this.requestedAt = performance.now();
    this.drawnKey = key;
    const bins = this.bins.value as HistogramBins;
    const found = await this.session.histograms(names, bins, cursor);
    this.requesting = false;
    if (found === null) {
      // The drawing is unchanged; the next call requests them again.
      if (this.description.textContent === "") setText(this.description, NOT_ARRIVED);
      return;
    }
    this.show(found, bins, theme);
    const more = rows.length > MAX_ROWS ? ` · the first ${MAX_ROWS} of ${rows.length}` : "";
    const step = found[0]?.step;
    setText(
      this.description,
      step === undefined ? "No histograms have been taken yet" : `step ${formatCount(step)}${more}`,
    );
  }

  private show(found: readonly GradientHistogram[], bins: HistogramBins, theme: Theme): void {
    const height = HISTOGRAM_HEIGHT + found.length * ROW_HEIGHT + BOTTOM;
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img" });
    svg.setAttribute(
      "aria-label",
      `Histograms of ${found.length} gradients: ${found.map(({ name }) => name).join(", ")}`,
    );
    const right = WIDTH - (bins === "even" ? RANGE_WIDTH : RIGHT);
    const [from, to] = bins === "magnitude" ? nonEmptyBins(found) : [0, 40];
    found.forEach((histogram, place) => {
      const base = HISTOGRAM_HEIGHT + (place + 1) * ROW_HEIGHT;
      const part = found.length > 1 ? place / (found.length - 1) : 0;
      const colour = theme.series[part > 0.5 ? 1 : 0] as string;
      svg.append(
        label(this.nameOf(histogram), LEFT - 8, base - 4, "end", theme, histogram.name),
        element("path", {
          d: outline(histogram.counts.subarray(from, to), base, right),
          fill: colour,
          "fill-opacity": "0.45",
          stroke: colour,
          "stroke-width": "1",
        }),
      );
      if (bins === "even") this.drawRange(svg, histogram, base, theme);
    });
    if (bins === "magnitude" && found[0]) axis(svg, found[0].edges, from, to, height, theme);
    this.stage.replaceChildren(svg);
  }

  private nameOf({ name }: GradientHistogram): string {
    return this.session.frozen.has(name)
      ? `${shortenPath(name, 15)} · ${FROZEN}`
      : shortenPath(name, 24);
  }

  private drawRange(svg: Element, { edges }: GradientHistogram, base: number, theme: Theme): void {
    const low = formatValue(edges[0] as number);
    const high = formatValue(edges[edges.length - 1] as number);
    svg.append(label(`${low} … ${high}`, WIDTH - 2, base - 6, "end", theme, `${low} to ${high}`));
  }
}

/** Returns the first and the last bin that is not empty in some histogram. */
function nonEmptyBins(found: readonly GradientHistogram[]): readonly [number, number] {
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
  const made = element("text", {
    x: String(x),
    y: String(y),
    "text-anchor": anchor,
    fill: theme.text,
    "font-size": "11",
  });
  const hint = element("title", {});
  hint.textContent = title;
  made.append(text, hint);
  return made;
}

function element(tag: string, attributes: Readonly<Record<string, string>>): Element {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
