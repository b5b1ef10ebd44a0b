/** A histogram as bars, with the values of its ends. */

import type { Statistics } from "../../../session";
import { html, svg } from "../drawing/elements";
import { countText, normText } from "../structure/text";

const WIDTH = 240;
const HEIGHT = 64;

/** Returns the histogram; null if all counts are zero. */
export function drawHistogram(statistics: Statistics, name: string): HTMLElement | null {
  const { edges } = statistics;
  const [first, last] = filled(statistics.counts);
  if (first < 0) return null;
  const counts = [...statistics.counts.slice(first, last + 1)];
  const max = Math.max(...counts);
  const width = WIDTH / counts.length;
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "labkit-graph-histogram",
    role: "img",
    preserveAspectRatio: "none",
  });
  const [low, high] = [edges[first] ?? 0, edges[last + 1] ?? 0];
  const range = `${signed(low)} to ${signed(high)}`;
  picture.setAttribute("aria-label", `Histogram of ${name}, from ${range}`);
  counts.forEach((count, place) => {
    const height = count === 0 ? 0 : Math.max(1, (count / max) * HEIGHT);
    const bar = svg("rect", {
      x: place * width,
      y: HEIGHT - height,
      width: Math.max(0.5, width - 1),
      height,
    });
    const from = signed(edges[first + place] ?? 0);
    const to = signed(edges[first + place + 1] ?? 0);
    bar.append(svg("title", {}, `${countText(count)} from ${from} to ${to}`));
    picture.append(bar);
  });
  const ends = html("div", { class: "labkit-graph-histogram-ends" });
  ends.append(html("span", {}, signed(low)), html("span", {}, signed(high)));
  const whole = html("div");
  whole.append(picture, ends);
  return whole;
}

/** Returns the first and the last non-empty bin; -1 if all are empty. */
function filled(counts: Float64Array): readonly [number, number] {
  const first = counts.findIndex((count) => count > 0);
  let last = counts.length - 1;
  while (last >= 0 && counts[last] === 0) last -= 1;
  return [first, last];
}

export function signed(value: number): string {
  return `${value < 0 ? "−" : ""}${normText(Math.abs(value))}`;
}
