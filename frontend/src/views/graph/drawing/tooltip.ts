/**
 * A card with facts about the box under the pointer or with the focus. It is put where it covers
 * neither that box nor those connected with it; on a small stage it is a strip at an edge.
 */

import type { Rect } from "../layout/placement";
import type { Fact } from "../model/fact";
import { cardPlace, type Obstacle } from "./card-place";
import { html } from "./elements";

/** Size of the stage in px up to which the card is a strip. */
const SMALL_WIDTH = 640;
const SMALL_HEIGHT = 300;

export class Tooltip {
  readonly element = html("div", { class: "labkit-graph-tooltip", role: "tooltip" });
  private readonly list = html("dl");

  constructor(private readonly stage: HTMLElement) {
    this.element.append(this.list);
    this.element.hidden = true;
  }

  /** Shows facts about `target`, a part of the stage; the obstacles are parts of the stage, too. */
  show(facts: readonly Fact[], target: Rect, obstacles: readonly Obstacle[]): void {
    this.list.replaceChildren(
      ...facts.map(([name, value]) => {
        const fact = html("div");
        fact.append(html("dt", {}, name), html("dd", {}, value));
        return fact;
      }),
    );
    this.element.hidden = false;
    const { clientWidth: width, clientHeight: height } = this.stage;
    const isSmall = width < SMALL_WIDTH || height < SMALL_HEIGHT;
    this.element.classList.toggle("labkit-graph-strip-card", isSmall);
    const { offsetWidth, offsetHeight } = this.element;
    const card = { width: offsetWidth, height: offsetHeight };
    const { x, y } = cardPlace(card, target, { width, height }, obstacles);
    this.element.style.left = `${x}px`;
    this.element.style.top = `${y}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
