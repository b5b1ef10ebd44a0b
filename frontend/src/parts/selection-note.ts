/** The name of the selected parameter, module or node, and a button that clears the selection. */

import type { RunSession } from "../session";
import { make, setText } from "./element";
import { shortenPath } from "./format";
import { selectionText } from "./selection";

const MAX_LENGTH = 24;

export class SelectionNote {
  readonly element: HTMLElement;
  private readonly text = make("span", { class: "labkit-selection-name" });

  constructor(private readonly session: RunSession) {
    const button = make(
      "button",
      {
        type: "button",
        class: "labkit-selection-clear",
        title: "Clear the selection in all views (Escape)",
        "aria-label": "Clear the selection",
      },
      "×",
    );
    button.addEventListener("click", () => session.select(null));
    this.element = make("span", { class: "labkit-selection" }, this.text, button);
    this.update();
  }

  update(): void {
    const { selected } = this.session;
    this.element.hidden = selected === null;
    if (selected === null) return;
    const name = selectionText(selected);
    setText(this.text, shortenPath(name, MAX_LENGTH));
    this.text.title = `Selected in all views: ${name}`;
  }
}
