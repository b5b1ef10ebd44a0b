/** The step of the cursor, and a button that returns to the live end. */

import type { RunSession } from "../session";
import { make, setText } from "./element";
import { formatCount } from "./format";

export class CursorNote {
  readonly element: HTMLElement;
  private readonly text: HTMLElement;
  private readonly step = make("span");

  constructor(private readonly session: RunSession) {
    const button = make(
      "button",
      { type: "button", class: "labkit-button", title: "Follow the newest step again" },
      "Live",
    );
    button.addEventListener("click", () => session.setCursor(null));
    const word = make("span", { class: "labkit-cursor-word" }, "step ");
    this.text = make("span", {}, "at ", word, this.step);
    this.element = make("span", { class: "labkit-cursor" }, this.text, button);
    this.update();
  }

  update(): void {
    const { cursor } = this.session;
    this.element.hidden = cursor === null;
    if (cursor === null) return;
    setText(this.step, formatCount(cursor));
    this.text.title = `All views show step ${formatCount(cursor)}`;
  }
}
