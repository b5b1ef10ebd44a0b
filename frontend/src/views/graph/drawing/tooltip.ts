/** A tooltip with facts about the box under the pointer or with the focus. */

import type { Fact } from "../model/fact";
import { html } from "./elements";

const DISTANCE = 10;

export class Tooltip {
  readonly element = html("div", { class: "labkit-graph-tooltip", role: "tooltip" });
  private readonly list = html("dl");

  constructor(private readonly stage: HTMLElement) {
    this.element.append(this.list);
    this.element.hidden = true;
  }

  show(facts: readonly Fact[], target: Element): void {
    this.list.replaceChildren(
      ...facts.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]),
    );
    this.element.hidden = false;
    this.place(target);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /** Positions the tooltip inside the stage, below its target or, with more room there, above. */
  private place(target: Element): void {
    const stage = this.stage.getBoundingClientRect();
    const box = target.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = clamp(box.left - stage.left, stage.width - width);
    const below = box.bottom - stage.top + DISTANCE;
    const above = box.top - stage.top - DISTANCE - height;
    const fits = below + height <= stage.height;
    const top = fits || above < 0 ? clamp(below, stage.height - height) : above;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${top}px`;
  }
}

function clamp(value: number, max: number): number {
  return Math.max(4, Math.min(value, max - 4));
}
