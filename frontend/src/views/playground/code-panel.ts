/** The network as plain PyTorch, with a button that copies it. */

import { make, setText } from "../../parts/element";

const COPIED_MS = 2000;

export class CodePanel {
  readonly element: HTMLElement;
  private readonly text = make("pre", { tabindex: "0", "aria-label": "Program" });
  private readonly said = make("span", { class: "playground-muted", role: "status" });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const copy = make("button", { type: "button", class: "playground-button" }, "Copy");
    copy.addEventListener("click", () => void this.copy());
    const close = make("button", { type: "button", class: "playground-button" }, "Close");
    close.addEventListener("click", () => {
      this.element.hidden = true;
    });
    this.element = make(
      "section",
      { class: "playground-code", "aria-label": "The network as plain PyTorch" },
      make(
        "div",
        { class: "playground-row" },
        make("b", {}, "The same training as plain PyTorch"),
        this.said,
        copy,
        close,
      ),
      this.text,
    );
    this.element.hidden = true;
  }

  show(code: string): void {
    setText(this.text, code);
    this.element.hidden = false;
    this.element.scrollIntoView?.({ block: "nearest" });
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text.textContent ?? "");
      setText(this.said, "Copied");
    } catch {
      // Without a clipboard, as on a page that is not secure, it can be copied by hand.
      getSelection()?.selectAllChildren(this.text);
      setText(this.said, "Selected: copy it with Ctrl+C");
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(this.said, ""), COPIED_MS);
  }
}
