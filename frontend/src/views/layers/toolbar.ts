/** The buttons above the table, and the selection and the step beside them. */

import { make, setText } from "../../parts/element";

export class LayersToolbar {
  readonly element: HTMLElement;
  private readonly description = make("span", { class: "labkit-layers-steps" });
  private readonly buttons: readonly HTMLButtonElement[];

  /** `fold` is called with whether all modules are to be unfolded. */
  constructor(
    private readonly fold: (isOpen: boolean) => void,
    ...notes: readonly HTMLElement[]
  ) {
    this.buttons = [
      this.button("Unfold all", "Show the modules in all modules", true),
      this.button("Fold all", "Show only the outermost modules", false),
    ];
    const extra = make("div", { class: "labkit-notes" }, ...notes);
    this.element = make(
      "div",
      { class: "labkit-toolbar" },
      ...this.buttons,
      this.description,
      extra,
    );
  }

  /** Shows the buttons if some modules contain others; enables them if these are shown as a tree. */
  update(isNested: boolean, isTree: boolean, description: string): void {
    for (const button of this.buttons) {
      button.hidden = !isNested;
      button.disabled = !isTree;
    }
    setText(this.description, description);
    this.description.title = description;
  }

  private button(name: string, title: string, isOpen: boolean): HTMLButtonElement {
    const made = make("button", { type: "button", class: "labkit-button", title }, name);
    made.addEventListener("click", () => this.fold(isOpen));
    return made;
  }
}
