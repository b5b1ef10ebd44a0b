/** The buttons above the graph, and the line that says what is going on. */

import { html } from "./elements";

/** What the buttons do. */
export interface ToolbarActions {
  fit(): void;
  zoomIn(): void;
  zoomOut(): void;
  foldAll(): void;
  unfoldAll(): void;
  cancel(): void;
  /** Goes to the next box that the words name. */
  find(words: string): void;
}

export class Toolbar {
  readonly element = html("div", { class: "labkit-graph-toolbar" });
  private readonly message = html("span", { class: "labkit-graph-message", role: "status" });
  private readonly buttons: readonly HTMLButtonElement[];
  private readonly unfold: HTMLButtonElement;
  private readonly search = html("input", {
    type: "search",
    placeholder: "Find",
    title: "Find a module, an operation or a parameter: Enter goes to the next",
    "aria-label": "Find in the graph",
  });
  private readonly stop: HTMLButtonElement;

  constructor(actions: ToolbarActions, legend: HTMLElement) {
    this.unfold = button("Unfold all", "Unfold all modules", actions.unfoldAll);
    this.stop = button("Cancel", "Cancel the layout", actions.cancel);
    this.stop.hidden = true;
    this.buttons = [
      button("Fit", "Fit the whole graph into view", actions.fit),
      button("−", "Zoom out", actions.zoomOut),
      button("+", "Zoom in", actions.zoomIn),
      button("Fold all", "Fold all modules", actions.foldAll),
      this.unfold,
    ];
    this.search.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") actions.find(this.search.value);
    });
    this.element.append(...this.buttons, this.search, this.stop, this.message, legend);
    this.enable(false);
  }

  /** Nothing can be done while there is no picture. */
  enable(enabled: boolean): void {
    for (const each of [...this.buttons, this.search]) each.disabled = !enabled;
  }

  /** Why not all modules can be unfolded; null when they can. */
  limitUnfolding(reason: string | null): void {
    this.unfold.disabled = reason !== null;
    this.unfold.title = reason ?? "Unfold all modules";
  }

  say(message: string): void {
    this.message.textContent = message;
    this.message.title = message;
  }

  offerCancel(offered: boolean): void {
    this.stop.hidden = !offered;
  }
}

function button(words: string, purpose: string, action: () => void): HTMLButtonElement {
  const made = html("button", { type: "button", title: purpose }, words);
  // A sign is no name; words are their own.
  if (words.length === 1) made.setAttribute("aria-label", purpose);
  made.addEventListener("click", action);
  return made;
}
