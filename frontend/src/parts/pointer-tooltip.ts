/** A tooltip beside the pointer. */

import { make } from "./element";

const DISTANCE = 12;

export class PointerTooltip {
  readonly element = make("div", { class: "labkit-tip", role: "tooltip" });

  constructor(private readonly stage: HTMLElement) {
    this.element.hidden = true;
  }

  show(lines: readonly string[], event: PointerEvent): void {
    this.element.replaceChildren(...lines.map((line) => make("div", {}, line)));
    this.element.hidden = false;
    const stage = this.stage.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const [x, y] = [event.clientX - stage.left, event.clientY - stage.top];
    const left = x + DISTANCE + width > stage.width ? x - DISTANCE - width : x + DISTANCE;
    const top = y + DISTANCE + height > stage.height ? y - DISTANCE - height : y + DISTANCE;
    this.element.style.left = `${Math.max(0, left)}px`;
    this.element.style.top = `${Math.max(0, top)}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
