/** Buttons for the form of the dashboard: compact, and the whole screen; one more before them. */

import { make } from "../../parts/element";
import { icon } from "../../parts/icon";

const OWN_TAB =
  "For a tab beside the notebook, right-click the dashboard in JupyterLab and choose " +
  "“Create New View for Cell Output”.";

export class FormButtons {
  readonly element = make("div", { class: "labkit-forms" });
  private readonly compact = iconButton("Compact form");
  private readonly screen = iconButton("Full screen");
  private readonly onScreenChange = () => this.showScreen();

  /**
   * `toggle` is called to change between the compact and the whole form. `before` is shown before the
   * buttons, and `isInNotebook` is false on an exported page.
   */
  constructor(
    private readonly frame: () => HTMLElement,
    toggle: () => void,
    before: HTMLElement,
    private readonly isInNotebook: () => boolean,
  ) {
    this.compact.addEventListener("click", toggle);
    this.screen.addEventListener("click", () => this.toggleScreen());
    this.screen.hidden = !document.fullscreenEnabled;
    document.addEventListener("fullscreenchange", this.onScreenChange);
    this.element.append(before, this.compact, this.screen);
    this.showScreen();
  }

  show(isCompact: boolean): void {
    this.compact.setAttribute("aria-pressed", String(isCompact));
    this.compact.title = isCompact
      ? "Show all cards again"
      : "Compact form: one line and the curve of the loss";
    this.compact.replaceChildren(icon(isCompact ? "whole" : "compact"));
  }

  close(): void {
    document.removeEventListener("fullscreenchange", this.onScreenChange);
  }

  private toggleScreen(): void {
    const done = this.isFullScreen ? document.exitFullscreen() : this.frame().requestFullscreen();
    done.catch(() => undefined); // Not allowed on this page: the button has no effect.
  }

  private showScreen(): void {
    const { isFullScreen } = this;
    this.screen.setAttribute("aria-pressed", String(isFullScreen));
    this.screen.title = isFullScreen ? "Leave the full screen (Escape)" : this.enterTitle;
    this.screen.replaceChildren(icon(isFullScreen ? "leaveScreen" : "screen"));
  }

  private get enterTitle(): string {
    return this.isInNotebook() ? `Full screen. ${OWN_TAB}` : "Full screen";
  }

  private get isFullScreen(): boolean {
    return document.fullscreenElement !== null && document.fullscreenElement === this.frame();
  }
}

function iconButton(name: string): HTMLButtonElement {
  return make("button", { type: "button", class: "labkit-icon-button", "aria-label": name });
}
