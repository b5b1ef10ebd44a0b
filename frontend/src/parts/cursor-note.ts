/** The step of the cursor, and a button that returns to the live end. */

import type { RunSession } from "../session";
import { make, setText } from "./element";
import { formatCount } from "./format";

export class CursorNote {
  readonly element: HTMLElement;
  private readonly text = make("span");

  constructor(private readonly session: RunSession) {
    const button = make(
      "button",
      { type: "button", class: "labkit-button", title: "Follow the newest step again" },
      "Live",
    );
    button.addEventListener("click", () => session.setCursor(null));
    this.element = make("span", { class: "labkit-cursor" }, this.text, button);
    this.update();
  }

  update(): void {
    const { cursor } = this.session;
    this.element.hidden = cursor === null;
    if (cursor !== null) setText(this.text, `at step ${formatCount(cursor)}`);
  }
}
