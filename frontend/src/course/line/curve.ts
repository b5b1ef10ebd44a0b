/** The loss over the steps of a walk, on a logarithmic axis, with that of held-out points. */

import type { LineWalk } from "../../messages/line";
import { makeSvg } from "../../parts/element";
import { text } from "../race/looks";

const [LEFT, TOP, WIDTH, HEIGHT] = [58, 20, 690, 110] as const;
const LOWEST = 1e-9;

export class LossCurve {
  readonly element = makeSvg("svg", {
    viewBox: `0 0 ${LEFT + WIDTH + 12} ${TOP + HEIGHT + 34}`,
    class: "race-board line-curve",
    role: "img",
  });
  private readonly now = makeSvg("line", { class: "line-cursor", y1: TOP, y2: TOP + HEIGHT });
  private steps = 1;

  draw(walk: LineWalk | null, best: number): void {
    const losses = walk?.lane.losses ?? [];
    this.steps = Math.max(1, losses.length - 1);
    const all = [...losses, ...(walk?.held ?? []), ...(best > LOWEST ? [best] : [])];
    const logs = all.filter((loss) => Number.isFinite(loss)).map(logarithm);
    const low = Math.floor(Math.min(0, ...logs));
    const high = Math.max(low + 1, Math.ceil(Math.max(0, ...logs)));
    const down = (loss: number) => TOP + ((high - logarithm(loss)) / (high - low)) * HEIGHT;
    const line = (values: readonly number[], name: string) => {
      const points = values.map((loss, step) => `${round(this.across(step))},${round(down(loss))}`);
      return makeSvg("polyline", { points: points.join(" "), class: name });
    };
    const frame = { x: LEFT, y: TOP, width: WIDTH, height: HEIGHT };
    const made: SVGElement[] = [makeSvg("rect", { ...frame, fill: "none", stroke: "#8a8a8a" })];
    for (const power of [low, (low + high) / 2, high]) {
      const y = TOP + ((high - power) / (high - low)) * HEIGHT + 4;
      made.push(label(LEFT - 6, y, text(10 ** power), "end"));
    }
    if (best > LOWEST) {
      const y = down(best);
      made.push(makeSvg("line", { x1: LEFT, x2: LEFT + WIDTH, y1: y, y2: y, class: "line-best" }));
    }
    if (walk && walk.held.length > 0) made.push(line(walk.held, "line-loss-held"));
    made.push(line(losses, "line-loss"), this.now);
    made.push(
      label(LEFT, TOP - 6, "loss", "start"),
      label(LEFT + WIDTH, TOP - 6, key(walk, best), "end"),
    );
    made.push(label(LEFT, TOP + HEIGHT + 16, "0", "middle"));
    made.push(label(LEFT + WIDTH, TOP + HEIGHT + 16, String(this.steps), "end"));
    made.push(label(LEFT + WIDTH / 2, TOP + HEIGHT + 16, "step", "middle"));
    this.element.replaceChildren(...made);
    const last = losses.at(-1);
    const end = last === undefined ? "no step yet" : `${text(last)} at step ${losses.length - 1}`;
    this.element.setAttribute("aria-label", `Loss over the steps: ${end}.`);
  }

  show(step: number): void {
    const x = this.across(Math.min(step, this.steps));
    this.now.setAttribute("x1", String(x));
    this.now.setAttribute("x2", String(x));
  }

  private across(step: number): number {
    return LEFT + (step / this.steps) * WIDTH;
  }
}

function key(walk: LineWalk | null, best: number): string {
  const names = ["— all training points"];
  if (walk && walk.held.length > 0) names.push("– – held out");
  if (best > LOWEST) names.push("· · best line");
  return names.join("   ");
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
