/** A place below the groups to which a card is dragged; shown during a drag. */

import { make } from "../../parts/element";

export class DropTarget {
  readonly element: HTMLElement;

  constructor(text: string, drop: () => void) {
    this.element = make("div", { class: "labkit-drop-target" }, text);
    this.element.hidden = true;
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      drop();
    });
  }
}
