/** The lower edge of the groups, which is dragged to change their height (ARIA's separator). */

import { make } from "../../parts/element";
import { MAX_HEIGHT, MIN_HEIGHT } from "./arrangement";

const KEY_STEP = 40;

export class HeightHandle {
  readonly element = make("div", {
    class: "labkit-height-handle",
    role: "separator",
    "aria-orientation": "horizontal",
    "aria-label": "Height",
    "aria-valuemin": String(MIN_HEIGHT),
    "aria-valuemax": String(MAX_HEIGHT),
    tabindex: "0",
    title: "Drag to change the height; arrow keys work as well",
  });
  private height = MIN_HEIGHT;
  private grip: { readonly y: number; readonly height: number } | null = null;

  /** `resize` is called with the wanted height in px. */
  constructor(resize: (height: number) => void) {
    this.element.addEventListener("pointerdown", (event) => {
      this.grip = { y: event.clientY, height: this.height };
      this.element.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.grip) resize(this.grip.height + event.clientY - this.grip.y);
    });
    for (const name of ["pointerup", "pointercancel"] as const) {
      this.element.addEventListener(name, () => {
        this.grip = null;
      });
    }
    this.element.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowUp" ? -KEY_STEP : event.key === "ArrowDown" ? KEY_STEP : 0;
      if (by === 0) return;
      event.preventDefault();
      event.stopPropagation();
      resize(this.height + by);
    });
  }

  show(height: number): void {
    this.height = height;
    this.element.setAttribute("aria-valuenow", String(height));
  }
}
