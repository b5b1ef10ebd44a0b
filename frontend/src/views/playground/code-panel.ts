/** The network as plain PyTorch, and the call that opens it again, with buttons that copy them. */

import { make, setText } from "../../parts/element";

const COPIED_MS = 2000;

export class CodePanel {
  readonly element: HTMLElement;
  private readonly call = make("code", { class: "playground-call", tabindex: "0" });
  private readonly text = make("pre", { tabindex: "0", "aria-label": "Program" });
  private readonly said = make("span", { class: "playground-muted", role: "status" });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const copyOf = (source: HTMLElement, name: string) => {
      const copy = make("button", { type: "button", class: "playground-button" }, "Copy");
      copy.setAttribute("aria-label", name);
      copy.addEventListener("click", () => void this.copy(source));
      return copy;
    };
    const close = make(
      "button",
      { type: "button", class: "playground-button playground-close" },
      "Close",
    );
    close.addEventListener("click", () => {
      this.element.hidden = true;
    });
    this.element = make(
      "section",
      { class: "playground-code", "aria-label": "The network as plain PyTorch" },
      make(
        "div",
        { class: "playground-row" },
        make("b", {}, "This playground again"),
        this.call,
        copyOf(this.call, "Copy the call"),
        this.said,
        close,
      ),
      make(
        "div",
        { class: "playground-row" },
        make("b", {}, "The same training as plain PyTorch"),
        copyOf(this.text, "Copy the program"),
      ),
      this.text,
    );
    this.element.hidden = true;
  }

  show(code: string, call: string): void {
    setText(this.text, code);
    setText(this.call, call);
    this.element.hidden = false;
    this.element.scrollIntoView?.({ block: "nearest" });
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private async copy(source: HTMLElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
      setText(this.said, "Copied");
    } catch {
      // Without a clipboard, as on a page that is not secure, it can be copied by hand.
      getSelection()?.selectAllChildren(source);
      setText(this.said, "Selected: copy it with Ctrl+C");
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(this.said, ""), COPIED_MS);
  }
}
