/** The loss over the steps of all walks, on a logarithmic axis, with that of held-out points. */

import type { LineWalk } from "../../messages/line";
import { makeSvg } from "../../parts/element";
import { decades, roundTicks } from "../../parts/ticks";
import { hueOf, markerOf, text } from "../race/looks";

const [LEFT, TOP, WIDTH, HEIGHT, RIGHT] = [58, 22, 680, 120, 24] as const;
const LOWEST = 1e-9;
const [TICKS_ACROSS, TICKS_UP] = [8, 4] as const;
const EMPTY = "No step yet. Press Play, click on the map, or drag an end of the line.";

export class LossCurve {
  readonly element = document.createElement("div");
  private readonly picture = makeSvg("svg", {
    viewBox: `0 0 ${LEFT + WIDTH + RIGHT} ${TOP + HEIGHT + 36}`,
    class: "race-board line-curve",
    role: "img",
  });
  private readonly key = document.createElement("div");
  private readonly now = makeSvg("line", { class: "line-cursor", y1: TOP, y2: TOP + HEIGHT });
  private steps = 1;

  constructor() {
    this.key.className = "line-key";
    this.element.append(this.picture, this.key);
  }

  /** Draws the walks, the last one above the others. */
  draw(walks: readonly LineWalk[], best: number): void {
    const last = walks.at(-1);
    const held = last?.held ?? [];
    const losses = walks.map(({ lane }) => lane.losses);
    this.steps = Math.max(1, ...losses.map((each) => each.length - 1));
    const { down, ticks } = scale([...losses.flat(), ...held, ...(best > LOWEST ? [best] : [])]);
    const route = (values: readonly number[]) =>
      values.map((loss, step) => `${round(this.across(step))},${round(down(loss))}`).join(" ");
    const made: SVGElement[] = [...frame(), ...ticks, ...this.stepTicks(last !== undefined)];
    if (best > LOWEST) {
      const y = down(best);
      made.push(makeSvg("line", { x1: LEFT, x2: LEFT + WIDTH, y1: y, y2: y, class: "line-best" }));
    }
    if (held.length > 0) {
      made.push(makeSvg("polyline", { points: route(held), class: "line-loss-held" }));
    }
    losses.forEach((each, place) => {
      made.push(makeSvg("polyline", { points: route(each), ...looksOf(place) }));
    });
    if (last) made.push(this.now);
    else made.push(label(LEFT + WIDTH / 2, TOP + HEIGHT / 2 + 4, EMPTY, "middle"));
    made.push(label(LEFT, TOP - 7, "loss of all training points", "start"));
    this.picture.replaceChildren(...made);
    this.key.replaceChildren(...key(walks, held.length > 0, best > LOWEST));
    this.picture.setAttribute("aria-label", `Loss over the steps: ${inWords(walks)}.`);
  }

  show(step: number): void {
    const x = this.across(Math.min(step, this.steps));
    this.now.setAttribute("x1", String(x));
    this.now.setAttribute("x2", String(x));
  }

  private across(step: number): number {
    return LEFT + (step / this.steps) * WIDTH;
  }

  private stepTicks(hasSteps: boolean): SVGElement[] {
    const y = TOP + HEIGHT;
    const steps = hasSteps ? roundTicks(0, this.steps, TICKS_ACROSS).filter(Number.isInteger) : [];
    const made = steps.flatMap((step) => {
      const x = this.across(step);
      return [
        makeSvg("line", { x1: x, x2: x, y1: y, y2: y + 4, class: "line-tick" }),
        label(x, y + 16, String(step), "middle"),
      ];
    });
    return [...made, label(LEFT + WIDTH / 2, y + 32, "step", "middle")];
  }
}

interface Scale {
  down(loss: number): number;
  readonly ticks: readonly SVGElement[];
}

/** Returns where losses are drawn, on a logarithmic axis between powers of ten. */
function scale(losses: readonly number[]): Scale {
  const logs = losses.filter((loss) => Number.isFinite(loss)).map(logarithm);
  const low = Math.floor(Math.min(0, ...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(0, ...logs)));
  const down = (loss: number) => TOP + ((high - logarithm(loss)) / (high - low)) * HEIGHT;
  const ticks = decades(10 ** low, 10 ** high, TICKS_UP).flatMap((value) => [
    makeSvg("line", {
      x1: LEFT,
      x2: LEFT + WIDTH,
      y1: down(value),
      y2: down(value),
      class: "line-grid",
    }),
    label(LEFT - 7, down(value) + 4, power(value), "end"),
  ]);
  return { down, ticks };
}

function frame(): SVGElement[] {
  const place = { x: LEFT, y: TOP, width: WIDTH, height: HEIGHT };
  return [makeSvg("rect", { ...place, fill: "none", stroke: "#8a8a8a" })];
}

/** Returns one entry for each walk, and for the lines that are not losses of training points. */
function key(walks: readonly LineWalk[], hasHeld: boolean, hasBest: boolean): HTMLElement[] {
  const entries = walks.map(({ lane }, place) =>
    entry(lane.name, sample(looksOf(place)), markerOf(place)),
  );
  if (hasHeld) entries.push(entry("held out", sample({ class: "line-loss-held" })));
  if (hasBest) entries.push(entry("best line", sample({ class: "line-best" })));
  return entries;
}

/** Returns the looks of a walk's loss: those of its way on the map, but never white on white. */
function looksOf(place: number): Record<string, string> {
  return place === 0
    ? { class: "line-loss line-loss-first" }
    : { class: "line-loss", stroke: hueOf(place) };
}

function sample(looks: Record<string, string>): SVGElement {
  return makeSvg("line", { x1: -14, x2: 14, y1: 0, y2: 0, ...looks });
}

function entry(name: string, ...marks: SVGElement[]): HTMLElement {
  const made = document.createElement("span");
  const picture = makeSvg("svg", { viewBox: "-14 -9 28 18", "aria-hidden": "true" });
  picture.append(...marks);
  made.append(picture, name);
  return made;
}

function inWords(walks: readonly LineWalk[]): string {
  const ends = walks.map(({ lane }) => {
    const last = lane.losses.at(-1) ?? Number.NaN;
    return `${lane.name}, ${text(last)} at step ${lane.losses.length - 1}`;
  });
  return ends.join("; ") || "no step yet";
}

/** Returns a power of ten: 100, 0.01, and smaller or larger ones as 1e−5. */
function power(value: number): string {
  const plain = value >= 1e-3 && value < 1e5;
  return plain ? String(Number(value.toPrecision(1))) : value.toExponential(0).replace("-", "−");
}

function logarithm(loss: number): number {
  return Math.log10(Math.min(1e12, Math.max(LOWEST, loss)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function label(x: number, y: number, content: string, anchor: string): SVGTextElement {
  const made = makeSvg("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}
