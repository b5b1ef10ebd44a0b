/** A timeline with a button for each step at which the structure of the graph changed. */

import type { GraphSpan } from "../../../messages/run";
import { html } from "../drawing/elements";
import { countText } from "../structure/text";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export class StructureTimeline {
  readonly element = html("div", { class: "labkit-graph-timeline", role: "group" });
  private drawn = "";

  /** `choose` receives a signature, or null for the newest structure. */
  constructor(private readonly choose: (signature: string | null) => void) {
    this.element.setAttribute("aria-label", "Structures of the graph over the steps");
    this.element.hidden = true;
  }

  /** Updates the buttons; hidden with a single structure. */
  update(spans: readonly GraphSpan[], shown: string, following: boolean): void {
    const kinds = [...new Set(spans.map((span) => span.signature))];
    this.element.hidden = kinds.length < 2;
    const key = JSON.stringify([spans, shown, following]);
    if (this.element.hidden || key === this.drawn) return;
    this.drawn = key;
    const marks = spans.map((span) => this.mark(span, kinds, span.signature === shown));
    const live = html("button", { type: "button", title: "Follow the run" }, "Live");
    live.setAttribute("aria-pressed", String(following));
    live.addEventListener("click", () => this.choose(null));
    const strip = html("div", { class: "labkit-graph-spans" });
    strip.append(...marks);
    const length = spans.find((span) => span.signature === shown)?.title ?? "";
    const name = html("span", { class: "labkit-graph-length" }, length);
    this.element.replaceChildren(html("span", {}, "Structure"), strip, name, live);
  }

  private mark(span: GraphSpan, kinds: readonly string[], shown: boolean): HTMLElement {
    const number = kinds.indexOf(span.signature);
    const letter = LETTERS[number] ?? String(number + 1);
    const [first, last] = [countText(span.first), countText(span.last)];
    const title = `Structure ${letter}, ${span.title}, seen from step ${first} to ${last}`;
    const made = html("button", { type: "button", title, "aria-label": title }, letter);
    made.setAttribute("aria-pressed", String(shown));
    made.style.flexGrow = String(Math.sqrt(span.last - span.first + 1));
    made.addEventListener("click", () => this.choose(span.signature));
    return made;
  }
}
