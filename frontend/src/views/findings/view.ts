/**
 * The findings view: one card per finding, which is updated, and removed with the finding; below
 * them the findings that have gone and those that are silenced.
 */

import type { Finding } from "../../messages/run";
import { make, setText } from "../../parts/element";
import { RedrawScheduler } from "../../parts/redraw-scheduler";
import { isFinal } from "../../parts/run-status";
import type { DrawView, RunSession } from "../../session";
import { FindingCard } from "./card";
import { HistoryList } from "./history";
import { FindingMarks } from "./marks";
import { countsOf } from "./severity";

export const drawFindings: DrawView = (root, session) => {
  const view = new FindingsView(root, session);
  return () => view.close();
};

class FindingsView {
  private readonly counts = make("p", { class: "labkit-findings-counts" });
  private readonly list = make("ul", { class: "labkit-findings-list", "aria-live": "polite" });
  private readonly nothing = make("p", { class: "labkit-findings-nothing", role: "status" });
  private readonly failure = make("p", { class: "labkit-message", role: "status" });
  private readonly history = new HistoryList((rule) => this.ignore(rule, false));
  private readonly marks: FindingMarks;
  private readonly cards = new Map<string, FindingCard>();
  private readonly redraw: RedrawScheduler;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
  ) {
    this.marks = new FindingMarks(session);
    root.classList.add("labkit-findings");
    root.dataset.labkitView = "findings";
    root.replaceChildren(this.counts, this.list, this.nothing, this.failure, this.history.element);
    this.redraw = new RedrawScheduler(root, () => this.draw());
    this.unsubscribe = session.subscribe((change) => {
      if (change === "frame") this.redraw.later();
      else if (change === "snapshot" || change === "connection") this.draw();
      else if (change === "selection") this.showSelection();
    });
    this.draw();
  }

  close(): void {
    this.unsubscribe();
    this.redraw.close();
    this.marks.update([]);
    this.root.replaceChildren();
  }

  private showSelection(): void {
    for (const card of this.cards.values()) card.showSelection();
  }

  private draw(): void {
    const { state, findings, history } = this.session;
    if (state) this.root.dataset.labkitStep = String(state.step);
    this.marks.update(findings);
    setText(this.counts, findings.length > 1 ? countsOf(findings) : "");
    this.nothing.hidden = findings.length > 0;
    setText(this.nothing, this.nothingText());
    this.history.show(history, this.session.exported === null);
    this.show(findings);
  }

  /** Returns what is said without a finding. */
  private nothingText(): string {
    const { state, problem, history, exported } = this.session;
    if (problem !== null) return problem;
    if (!state || state.step === 0) return "";
    const count = history.rules - history.silenced.length;
    const rules = `${count} ${count === 1 ? "rule" : "rules"}`;
    return isFinal(state.status) || exported !== null
      ? `Nothing found: ${rules} watched this run.`
      : `Nothing found so far: ${rules} watch this run.`;
  }

  private async ignore(rule: string, ignored: boolean): Promise<void> {
    const answered = await this.session.ignore(rule, ignored);
    const call = `run.${ignored ? "ignore" : "unignore"}("${rule}")`;
    setText(
      this.failure,
      answered
        ? ""
        : `The kernel has not taken the click while a cell runs. ${call} does the same.`,
    );
  }

  private show(findings: readonly Finding[]): void {
    const rules = new Set(findings.map(({ rule }) => rule));
    for (const [rule, card] of this.cards) {
      if (rules.has(rule)) continue;
      card.element.remove();
      this.cards.delete(rule);
    }
    findings.forEach((finding, place) => {
      const card = this.cards.get(finding.rule) ?? this.makeCard(finding.rule);
      card.show(finding);
      if (this.list.children[place] !== card.element) {
        this.list.insertBefore(card.element, this.list.children[place] ?? null);
      }
    });
  }

  private makeCard(rule: string): FindingCard {
    const silence = (silenced: string) => void this.ignore(silenced, true);
    const card = new FindingCard(this.session, this.marks, rule, silence);
    this.cards.set(rule, card);
    return card;
  }
}
