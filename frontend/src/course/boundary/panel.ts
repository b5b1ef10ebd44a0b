/** The texts beside the plane: what the marks mean, the whole training set, the picked sample. */

import type { BoundaryPlane } from "../../messages/boundary";
import { isWrong, type Moment, probability, type Samples, totals } from "./moment";
import { CLASS_COLOURS } from "./painting";

const LOGIT_TITLE = "The number that the model computes; the boundary is where it is 0";
const PULL_TITLE =
  "The derivative of this sample's own loss with respect to its logit, with the sign turned: " +
  "how hard it pushes the boundary, and to which side";

export class Panel {
  readonly element = document.createElement("div");
  private readonly whole = document.createElement("div");
  private readonly sample = document.createElement("div");

  constructor(private readonly plane: BoundaryPlane) {
    this.element.style.cssText = "flex:1 1 190px;min-width:190px;line-height:1.5";
    this.sample.setAttribute("role", "status");
    this.sample.style.marginTop = "8px";
    this.element.replaceChildren(this.legend(), this.whole, this.sample);
  }

  show(samples: Samples, moment: Moment, picked: number | null): void {
    const { wrong, loss, towards } = totals(samples, moment);
    const [first = "", second = ""] = this.plane.classes;
    this.whole.replaceChildren(
      table([
        ["wrong side", `${wrong} of ${samples.count}`, "Samples on the wrong side of the boundary"],
        ["mean loss", number(loss), "What the training minimises"],
        ...(this.plane.pulls ? sums(first, second, towards) : []),
      ]),
    );
    this.sample.replaceChildren(...this.details(samples, moment, picked));
  }

  private details(samples: Samples, moment: Moment, picked: number | null): HTMLElement[] {
    if (picked === null) {
      const help = document.createElement("div");
      help.textContent = "Point at a sample, or use the arrow keys on the picture.";
      help.style.opacity = "0.75";
      return [help];
    }
    const label = samples.labels[picked] === 1 ? 1 : 0;
    const [nameX = "", nameY = ""] = this.plane.names;
    const { pulls } = this.plane;
    const logit = moment.logits[picked] ?? 0;
    const head = document.createElement("strong");
    const side = isWrong(samples, moment, picked) ? "wrong side" : "right side";
    head.textContent = `${this.plane.classes[label]}, ${side}`;
    const ofOne = `How sure the model is that this is ${this.plane.classes[1]}, from 0 to 1`;
    return [
      head,
      table([
        [nameX, number(samples.points[2 * picked] ?? 0), nameX],
        [nameY, number(samples.points[2 * picked + 1] ?? 0), nameY],
        ...(pulls ? [["logit", number(logit), LOGIT_TITLE] as const] : []),
        [`probability of ${this.plane.classes[1]}`, number(probability(logit)), ofOne],
        ["loss", number(moment.losses[picked] ?? 0), "The loss of this sample alone"],
        ...(pulls ? [["pull", number(moment.pulls[picked] ?? 0), PULL_TITLE] as const] : []),
      ]),
    ];
  }

  private legend(): HTMLElement {
    const legend = document.createElement("div");
    legend.style.cssText = "display:flex;flex-wrap:wrap;gap:2px 14px;margin-bottom:6px";
    const marks = [
      ["●", CLASS_COLOURS[0], this.plane.classes[0] ?? ""],
      ["▲", CLASS_COLOURS[1], this.plane.classes[1] ?? ""],
      ["○ △", "currentColor", "wrong side"],
      ["→", "currentColor", "its pull"],
    ] as const;
    for (const [sign, colour, text] of marks.slice(0, this.plane.pulls ? 4 : 3)) {
      const entry = document.createElement("span");
      const mark = document.createElement("span");
      mark.textContent = sign;
      mark.setAttribute("aria-hidden", "true");
      if (colour !== "currentColor") {
        // The marks are dark, as on the plane, which is light in both themes.
        mark.style.cssText = `color:${colour};background:#f7f7f7;border-radius:3px;padding:0 3px`;
      }
      entry.append(mark, ` ${text}`);
      if (text === "its pull") entry.title = PULL_TITLE;
      legend.append(entry);
    }
    return legend;
  }
}

/** Returns the rows with the sum of the pulls of each class. */
function sums(
  first: string,
  second: string,
  [down, up]: readonly [number, number],
): (readonly [string, string, string])[] {
  const title =
    "The sum of all pulls towards a larger logit. Once both sums are equal, the bias rests";
  return [
    [`pull of ${second}`, number(up), title],
    [`pull of ${first}`, number(down), "The sum of all pulls towards a smaller logit"],
  ];
}

function table(rows: readonly (readonly [string, string, string])[]): HTMLElement {
  const grid = document.createElement("div");
  grid.style.cssText =
    "display:grid;grid-template-columns:max-content 1fr;gap:0 12px;" +
    "font-variant-numeric:tabular-nums";
  for (const [name, value, title] of rows) {
    const [left, right] = [document.createElement("span"), document.createElement("span")];
    left.textContent = name;
    right.textContent = value;
    left.title = right.title = title;
    grid.append(left, right);
  }
  return grid;
}

/** Three digits; very small numbers with an exponent, so that they are not shown as 0. */
export function number(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.001 || size >= 1e5)
    return value.toExponential(1).replace("-", "−").replace("e-", "e−");
  return value.toPrecision(3).replace("-", "−");
}
