/** The tabs of a comparison (ARIA's tabs pattern); only the one in front is drawn. */

import { make } from "../../parts/element";

export interface Tab {
  readonly name: string;
  readonly title: string;
  readonly explanation: string;
  /** Draws its content; returns the clean-up. */
  readonly draw: (place: HTMLElement) => () => void;
}

let count = 0;

export class Tabs {
  readonly element: HTMLElement;
  front: Tab;
  private readonly panel: HTMLElement;
  private readonly buttons: readonly HTMLButtonElement[];
  private endFront: () => void = () => undefined;

  constructor(
    private readonly tabs: readonly Tab[],
    front: string | null,
    private readonly onChosen: (name: string) => void,
  ) {
    count += 1;
    const id = `labkit-comparison-${count}`;
    this.front = tabs.find(({ name }) => name === front) ?? (tabs[0] as Tab);
    this.panel = make("div", { class: "labkit-comparison-panel", role: "tabpanel", id });
    this.buttons = tabs.map((tab) => this.button(tab, id));
    const strip = make("div", { class: "labkit-tabs", role: "tablist" }, ...this.buttons);
    strip.setAttribute("aria-label", "Parts of the comparison");
    strip.addEventListener("keydown", (event) => this.onKey(event));
    this.element = make("section", {}, strip, this.panel);
  }

  /** Draws the tab in front, anew if it was drawn. */
  show(): void {
    this.close();
    this.tabs.forEach((tab, place) => {
      const button = this.buttons[place] as HTMLButtonElement;
      button.setAttribute("aria-selected", String(tab === this.front));
      button.tabIndex = tab === this.front ? 0 : -1;
    });
    this.panel.setAttribute("aria-label", this.front.title);
    const place = make("div");
    this.panel.replaceChildren(place);
    this.endFront = this.front.draw(place);
  }

  close(): void {
    this.endFront();
    this.endFront = () => undefined;
    this.panel.replaceChildren();
  }

  private button(tab: Tab, panel: string): HTMLButtonElement {
    const attributes = { type: "button", class: "labkit-tab", role: "tab", title: tab.explanation };
    const button = make("button", { ...attributes, "aria-controls": panel }, tab.title);
    button.dataset.labkitTab = tab.name;
    button.addEventListener("click", () => this.choose(tab));
    return button;
  }

  private choose(tab: Tab): void {
    if (tab === this.front) return;
    this.front = tab;
    this.onChosen(tab.name);
    this.show();
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.tabs.length - 1;
    const at = this.tabs.indexOf(this.front);
    const places: Readonly<Record<string, number>> = {
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowRight: at === last ? 0 : at + 1,
      Home: 0,
      End: last,
    };
    const next = places[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(this.tabs[next] as Tab);
    this.buttons[next]?.focus();
  }
}
