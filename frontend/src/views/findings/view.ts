/** The findings view: one card per finding, which is updated, and removed with the finding. */

import type { Finding } from "../../messages/run";
import { make } from "../../parts/element";
import type { DrawView, RunSession } from "../../session";
import { FindingCard } from "./card";

export const drawFindings: DrawView = (root, session) => {
  const view = new FindingsView(root, session);
  return () => view.close();
};

class FindingsView {
  private readonly list = make("ul", { class: "labkit-findings-list", "aria-live": "polite" });
  private readonly nothing = make("p", { class: "labkit-findings-nothing", role: "status" });
  private readonly cards = new Map<string, FindingCard>();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    root.classList.add("labkit-findings");
    root.dataset.labkitView = "findings";
    root.replaceChildren(this.list, this.nothing);
    this.unsubscribe = session.subscribe((change) => {
      if (change !== "cursor" && change !== "selection") this.draw();
    });
    this.draw();
  }

  close(): void {
    this.unsubscribe();
    this.root.replaceChildren();
  }

  private draw(): void {
    const { state, findings, problem } = this.session;
    if (state) this.root.dataset.labkitStep = String(state.step);
    this.nothing.hidden = findings.length > 0;
    this.nothing.textContent =
      problem ?? (state && state.step > 0 ? "Nothing is wrong, as far as labkit can tell." : "");
    this.root.classList.toggle("labkit-findings-none", findings.length === 0);
    this.show(findings);
  }

  private show(findings: readonly Finding[]): void {
    const rules = new Set(findings.map(({ rule }) => rule));
    for (const [rule, card] of this.cards) {
      if (rules.has(rule)) continue;
      card.element.remove();
      this.cards.delete(rule);
    }
    findings.forEach((finding, place) => {
      const card = this.cards.get(finding.rule) ?? new FindingCard(this.session, finding.rule);
      this.cards.set(finding.rule, card);
      card.show(finding);
      if (this.list.children[place] !== card.element) {
        this.list.insertBefore(card.element, this.list.children[place] ?? null);
      }
    });
  }
}
