/** The toolbar above the graph: buttons and the status line. */

import { visibleText } from "../../../parts/visible-text";
import { html } from "../drawing/elements";
import { FORMATS, type Format } from "../export/export-drawing";
import type { FlowDirection } from "../model/labels";

/** The actions of the buttons. */
export interface ToolbarActions {
  fit(): void;
  zoomIn(): void;
  zoomOut(): void;
  foldAll(): void;
  unfoldAll(): void;
  cancel(): void;
  /** Shows the next match of a query. */
  find(text: string): void;
  /** Selects forward operations, backward nodes, or both. */
  showFlow(flow: FlowDirection): void;
  details(): void;
  copy(format: Format): void;
  help(): void;
}

const FLOW_NAMES: Readonly<Record<FlowDirection, string>> = {
  forward: "Forward",
  backward: "Backward",
  both: "Both sides",
};

export class Toolbar {
  readonly element = html("div", { class: "labkit-graph-toolbar" });
  private readonly message = html("span", { class: "labkit-graph-message", role: "status" });
  private readonly controls: readonly (HTMLButtonElement | HTMLInputElement | HTMLSelectElement)[];
  private readonly unfoldButton: HTMLButtonElement;
  private readonly detailsButton: HTMLButtonElement;
  private readonly cancelButton: HTMLButtonElement;

  /**
   * An embedded graph has no buttons for details, copies and help. `note` is the selection, which
   * shares its room with the messages, so that no other element moves when it appears.
   */
  constructor(
    actions: ToolbarActions,
    legend: HTMLElement,
    note: HTMLElement,
    { embedded = false } = {},
  ) {
    this.unfoldButton = button("Unfold all", "Unfold all modules", actions.unfoldAll);
    this.detailsButton = button("Details", "All that is known of the box clicked", actions.details);
    this.cancelButton = button("Cancel", "Cancel the layout", actions.cancel);
    this.cancelButton.hidden = true;
    this.setDetailsPressed(false);
    const further = [
      this.detailsButton,
      copyChoice(actions),
      button("?", "Mouse and keys", actions.help),
    ];
    this.controls = [
      button("Fit", "Fit the whole graph into view", actions.fit),
      button("−", "Zoom out", actions.zoomOut),
      button("+", "Zoom in", actions.zoomIn),
      button("Fold all", "Fold all modules", actions.foldAll),
      this.unfoldButton,
      searchField(actions),
      flowChoice(actions),
      ...(embedded ? [] : further),
    ];
    const status = html("div", { class: "labkit-graph-status" });
    status.append(note, this.message);
    this.element.append(...this.controls, this.cancelButton, status, legend);
    this.enable(false);
  }

  /** Enables or disables the buttons. */
  enable(enabled: boolean): void {
    for (const each of this.controls) each.disabled = !enabled;
  }

  /** Sets the state of the button for the details panel. */
  setDetailsPressed(pressed: boolean): void {
    this.detailsButton.setAttribute("aria-pressed", String(pressed));
  }

  /** Disables the button that unfolds all modules, with the reason; null enables it. */
  limitUnfolding(reason: string | null): void {
    this.unfoldButton.disabled = reason !== null;
    this.unfoldButton.title = reason ?? "Unfold all modules";
  }

  showMessage(message: string): void {
    this.message.textContent = visibleText(message);
    this.message.title = message;
  }

  offerCancel(offered: boolean): void {
    this.cancelButton.hidden = !offered;
  }
}

function searchField(actions: ToolbarActions): HTMLInputElement {
  const field = html("input", {
    type: "search",
    placeholder: "Find",
    title: "Find a module, an operation or a parameter: Enter goes to the next",
    "aria-label": "Find in the graph",
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") actions.find(field.value);
  });
  return field;
}

function flowChoice(actions: ToolbarActions): HTMLSelectElement {
  const choice = html("select", {
    "aria-label": "Side of the boxes",
    title: "Show the operations, autograd's nodes that pass their gradients on, or both",
  });
  for (const [value, text] of Object.entries(FLOW_NAMES))
    choice.append(html("option", { value }, text));
  choice.addEventListener("change", () => actions.showFlow(choice.value as FlowDirection));
  return choice;
}

/** Returns a menu with its title as the first entry; another entry copies and selects the title. */
function copyChoice(actions: ToolbarActions): HTMLSelectElement {
  const choice = html("select", {
    "aria-label": "Copy the picture as",
    title: "Copy the picture as it is folded now",
  });
  choice.append(html("option", { value: "" }, "Copy as…"));
  for (const format of FORMATS) choice.append(html("option", { value: format }, format));
  choice.addEventListener("change", () => {
    const format = FORMATS.find((each) => each === choice.value);
    choice.value = "";
    if (format) actions.copy(format);
  });
  return choice;
}

function button(text: string, purpose: string, action: () => void): HTMLButtonElement {
  const made = html("button", { type: "button", title: purpose }, text);
  // For screen readers, which do not read symbols.
  if (text.length === 1) made.setAttribute("aria-label", purpose);
  made.addEventListener("click", action);
  return made;
}
