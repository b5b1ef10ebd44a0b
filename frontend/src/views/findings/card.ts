/** A finding: its message, and, if it is open, its cause, advice, places and what to do with it. */

import type { Finding } from "../../messages/run";
import { make, setText } from "../../parts/element";
import { formatCount, shortenPath } from "../../parts/format";
import { reveal } from "../../parts/reveal";
import { ViewSettings } from "../../parts/view-settings";
import type { RunSession } from "../../session";
import { chapterLink } from "./chapter";
import type { FindingMarks } from "./marks";
import { severitySign } from "./severity";

const CERTAINTIES: Readonly<Record<Finding["certainty"], string>> = {
  certain: "It follows from what was recorded",
  likely: "Sound runs rarely look like this",
  possible: "Some sound runs look like this, too",
};
const MAX_PLACES = 4;
const MAX_PLACE_LENGTH = 24;

export class FindingCard {
  readonly element = make("li", { class: "labkit-finding" });
  private readonly summary = make("summary");
  private readonly body = make("div", { class: "labkit-finding-body" });
  private readonly evidence = make("button", { type: "button", class: "labkit-chip" });
  private finding: Finding | null = null;
  private shown = "";

  /** `silence` is called when the user silences the rule. */
  constructor(
    private readonly session: RunSession,
    private readonly marks: FindingMarks,
    private readonly rule: string,
    private readonly silence: (rule: string) => void,
  ) {
    const settings = new ViewSettings(session.runId);
    const details = make("details", {}, this.summary, this.body);
    details.open = settings.get(`finding ${rule}`) === "open";
    details.addEventListener("toggle", () =>
      settings.set(`finding ${rule}`, details.open ? "open" : null),
    );
    this.summary.addEventListener("pointerenter", () => marks.point(this.finding));
    this.summary.addEventListener("pointerleave", () => marks.point(null));
    this.evidence.addEventListener("click", () => this.toggleMark());
    this.element.append(details);
  }

  show(finding: Finding): void {
    this.finding = finding;
    this.showMark();
    const key = JSON.stringify(finding);
    if (key === this.shown) return;
    this.shown = key;
    this.element.dataset.severity = finding.severity;
    this.element.dataset.labkitFinding = finding.rule;
    const certainty = make(
      "span",
      { class: "labkit-finding-certainty", title: CERTAINTIES[finding.certainty] },
      finding.certainty,
    );
    const message = make("span", { class: "labkit-finding-words" }, finding.message);
    this.summary.replaceChildren(severitySign(finding.severity), message, certainty);
    const name = `Show ${stepsText(finding.steps)}`;
    setText(this.evidence, name);
    this.evidence.title = "Mark these steps in the curves, and show the first in all views";
    this.body.replaceChildren(
      make("p", {}, make("b", {}, "Why: "), finding.cause),
      make("p", {}, make("b", {}, "What to try:")),
      make("ul", {}, ...finding.advice.map((advice) => make("li", {}, advice))),
      this.places(finding),
      this.silenceBar(),
    );
  }

  private toggleMark(): void {
    if (this.finding) this.marks.toggle(this.finding);
    this.showMark();
  }

  private showMark(): void {
    this.evidence.setAttribute("aria-pressed", String(this.marks.isPinned(this.rule)));
  }

  /** Returns buttons that select the steps, the parameters or modules, and the graph node. */
  private places(finding: Finding): HTMLElement {
    const bar = make("div", { class: "labkit-finding-places" }, this.evidence);
    const { node } = finding;
    if (node) {
      bar.append(button("Show in the graph", `Go to ${node}`, () => this.showInGraph(node)));
    }
    for (const name of finding.where.slice(0, MAX_PLACES)) {
      if (name) bar.append(this.placeButton(name));
    }
    if (finding.line) bar.append(make("code", { title: "The line of your code" }, finding.line));
    if (finding.chapter) {
      bar.append(chapterLink(finding.chapter, this.session.course));
    }
    return bar;
  }

  private showInGraph(node: string): void {
    this.session.select(node);
    reveal(this.element, "graph");
  }

  /** The end of a long path remains, as only that differs between parameters of a layer. */
  private placeButton(name: string): HTMLButtonElement {
    const short = shortenPath(name, MAX_PLACE_LENGTH);
    const made = button(short, `Pick ${name} in all views`, () => this.session.select(name));
    if (short !== name) made.setAttribute("aria-label", name);
    return made;
  }

  private silenceBar(): HTMLElement {
    const title = `Silence ${this.rule} in this run, like run.ignore("${this.rule}")`;
    const silence = button("Not a problem here", title, () => this.silence(this.rule));
    return make("div", { class: "labkit-finding-silence" }, silence);
  }
}

/** Returns "step 40" or "steps 40–1,060". */
export function stepsText([first, last]: Finding["steps"]): string {
  if (first === last) return `step ${formatCount(first)}`;
  return `steps ${formatCount(first)}–${formatCount(last)}`;
}

function button(name: string, explanation: string, pressed: () => void): HTMLButtonElement {
  const made = make("button", { type: "button", class: "labkit-chip", title: explanation }, name);
  made.addEventListener("click", pressed);
  return made;
}
