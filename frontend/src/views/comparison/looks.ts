/** The colour and the dash of each run, the same in all parts of a comparison. */

import type { Theme } from "../../parts/theme";

export interface RunLook {
  readonly colour: string;
  /** Lengths of dashes and gaps, as of SVG, with commas; "" for a solid line. */
  readonly dash: string;
}

/** With the seven colours of a theme, these tell eight runs apart; Python has the same. */
const DASHES = ["", "7,3", "2,3", "9,3,2,3", "12,4", "12,4,2,4", "", "7,3"] as const;
const SVG = "http://www.w3.org/2000/svg";
const SWATCH_WIDTH = 26;
const SWATCH_HEIGHT = 10;

/** Returns the look of the run at a place of the comparison, counted from 0. */
export function lookOf(place: number, { series }: Theme): RunLook {
  const colour = series[place % series.length] as string;
  return { colour, dash: DASHES[place % DASHES.length] as string };
}

/** A short line that looks like those of a run. */
export class Swatch {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly line = document.createElementNS(SVG, "line");

  constructor() {
    const { element, line } = this;
    element.setAttribute("class", "labkit-comparison-swatch");
    element.setAttribute("aria-hidden", "true");
    element.setAttribute("width", String(SWATCH_WIDTH));
    element.setAttribute("height", String(SWATCH_HEIGHT));
    const middle = String(SWATCH_HEIGHT / 2);
    const ends = { x1: "1", x2: String(SWATCH_WIDTH - 1), y1: middle, y2: middle };
    for (const [name, value] of Object.entries(ends)) line.setAttribute(name, value);
    line.setAttribute("stroke-width", "2.5");
    element.append(line);
  }

  show({ colour, dash }: RunLook): void {
    this.line.setAttribute("stroke", colour);
    this.line.setAttribute("stroke-dasharray", dash);
  }
}
