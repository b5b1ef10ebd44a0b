/** The samples as dots at their logits, and the line of the threshold, as SVG. */

import { makeSvg } from "../../parts/element";
import type { Decided } from "./counts";

export const WIDTH = 640;
/** The logits at the left and right edge; those beyond are drawn there. */
export const END = 10;
const HALF = 110;
const BINS = 64;
const DOT = 3.2;
/** Half of the width that the text of the threshold may take. */
const ROOM = 84;
const TICKS = [-8, -6, -4, -2, 0, 2, 4, 6, 8] as const;
const COLOURS = ["#0a84c6", "#d55e00"] as const;

/** Returns the picture, and a function that moves the threshold to a logit. */
export function drawing(
  decided: Decided,
  classes: readonly string[],
): { readonly element: SVGSVGElement; show(logit: number, text: string): void } {
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${2 * HALF + 40}`, role: "img" });
  svg.style.cssText = "display:block;width:100%;touch-action:none;cursor:ew-resize";
  svg.append(words(2, 12, `${classes[1]}, above the line`, "start"));
  svg.append(words(2, 2 * HALF - 4, `${classes[0]}, below it`, "start"));
  const dots = placesOf(decided).map(([x, y], sample) => {
    const fill = COLOURS[decided.labels[sample] === 1 ? 1 : 0];
    return makeSvg("circle", { cx: `${x}`, cy: `${y}`, r: `${DOT}`, fill, stroke: fill });
  });
  svg.append(makeSvg("line", { x2: `${WIDTH}`, y1: `${HALF}`, y2: `${HALF}`, stroke: "#8a8a8a" }));
  svg.append(...dots, ...axis());
  const limit = makeSvg("line", {
    y2: `${2 * HALF}`,
    stroke: "currentColor",
    "stroke-width": "2.5",
  });
  const label = words(0, 2 * HALF + 34, "", "middle");
  svg.append(limit, label);
  return {
    element: svg,
    show(logit, text) {
      const x = ((Math.min(Math.max(logit, -END), END) + END) / (2 * END)) * WIDTH;
      limit.setAttribute("x1", `${x}`);
      limit.setAttribute("x2", `${x}`);
      label.setAttribute("x", `${Math.min(Math.max(x, ROOM), WIDTH - ROOM)}`);
      label.textContent = text;
      // A sample on the wrong side is hollow, as on the plane of the boundary view.
      dots.forEach((dot, sample) => {
        const flagged = (decided.logits[sample] ?? 0) > logit;
        const wrong = flagged !== (decided.labels[sample] === 1);
        dot.setAttribute("fill-opacity", wrong ? "0" : "1");
      });
      const n = decided.labels.length;
      svg.setAttribute("aria-label", `${n} samples, each at its logit, and a ${text}.`);
    },
  };
}

/** Returns the logits below the picture. */
function axis(): SVGElement[] {
  const ticks = TICKS.flatMap((logit) => {
    const x = ((logit + END) / (2 * END)) * WIDTH;
    const mark = makeSvg("line", {
      x1: `${x}`,
      x2: `${x}`,
      y1: `${HALF - 3}`,
      y2: `${HALF + 3}`,
      stroke: "#8a8a8a",
    });
    return [mark, words(x, 2 * HALF + 16, `${logit}`.replace("-", "−"), "middle")];
  });
  return [...ticks, words(WIDTH - 2, 2 * HALF + 16, "logit", "end")];
}

/** Returns where the dots are, stacked where they are near each other. */
function placesOf({ logits, labels }: Decided): (readonly [number, number])[] {
  const bins = Array.from(logits, (logit) => {
    const share = (Math.min(Math.max(logit, -END), END) + END) / (2 * END);
    return Math.min(Math.floor(share * BINS), BINS - 1);
  });
  const heights = [new Array<number>(BINS).fill(0), new Array<number>(BINS).fill(0)] as const;
  const ranks = bins.map((bin, sample) => {
    const column = heights[labels[sample] === 1 ? 1 : 0];
    column[bin] = (column[bin] ?? 0) + 1;
    return column[bin] ?? 1;
  });
  return bins.map((bin, sample) => {
    const up = labels[sample] === 1 ? 1 : -1;
    const most = Math.max(1, ...heights[up === 1 ? 1 : 0]);
    const step = Math.min(2 * DOT, (HALF - 24) / most);
    const y = HALF - up * ((ranks[sample] ?? 1) - 0.5) * step;
    return [((bin + 0.5) * WIDTH) / BINS, y] as const;
  });
}

function words(x: number, y: number, text: string, anchor: string): SVGTextElement {
  const element = makeSvg("text", {
    x: `${x}`,
    y: `${y}`,
    fill: "currentColor",
    "font-size": "12",
    "text-anchor": anchor,
  });
  element.textContent = text;
  return element;
}
