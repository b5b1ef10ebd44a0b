/** A finding: its message, and, if it is open, its cause, advice, places and what to do with it. */

import type { Finding } from "../../messages/run";
import type { ViewName } from "../../messages/widgets";
import { make, setText } from "../../parts/element";
import { formatCount, shortenPath } from "../../parts/format";
import { requestView } from "../../parts/view-request";
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

/** A button that selects a parameter, module or node. */
interface Choice {
  readonly name: string;
  readonly button: HTMLButtonElement;
}

export class FindingCard {
  readonly element = make("li", { class: "labkit-finding" });
  private readonly summary = make("summary");
  private readonly body = make("div", { class: "labkit-finding-body" });
  private readonly evidence = make("button", { type: "button", class: "labkit-chip" });
  private finding: Finding | null = null;
  /** The buttons that select a place. */
  private choices: readonly Choice[] = [];
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
      ...(this.session.exported === null ? [this.silenceBar()] : []),
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
    const places = finding.where.slice(0, MAX_PLACES).filter((name) => name !== "");
    this.choices = [
      ...(node ? [this.nodeButton(node)] : []),
      ...places.map((name) => this.placeButton(name, viewOf(finding))),
    ];
    bar.append(...this.choices.map(({ button: each }) => each));
    this.showSelection();
    if (finding.line) bar.append(make("code", { title: "The line of your code" }, finding.line));
    if (finding.chapter) {
      bar.append(chapterLink(finding.chapter, this.session.course));
    }
    return bar;
  }

  /** Updates which of the places is selected. */
  showSelection(): void {
    for (const { name, button: each } of this.choices) {
      each.setAttribute("aria-pressed", String(name === this.session.selected));
    }
  }

  private nodeButton(node: string): Choice {
    const explanation = `Select ${node} in all views, and go to it in the graph`;
    const go = () => this.toggleSelected(node, "graph");
    return { name: node, button: button("Show in the graph", explanation, go) };
  }

  /** The end of a long path remains, as only that differs between parameters of a layer. */
  private placeButton(name: string, view: ViewName): Choice {
    const short = shortenPath(name, MAX_PLACE_LENGTH);
    const explanation = `Select ${name} in all views, and show the steps of this finding`;
    const made = button(short, explanation, () => this.toggleSelected(name, view));
    if (short !== name) made.setAttribute("aria-label", name);
    return { name, button: made };
  }

  /** Selects a place, marks the steps, and shows a view of it; the second time takes all back. */
  private toggleSelected(name: string, view: ViewName): void {
    const { finding, marks, session } = this;
    if (!finding) return;
    const isSelected = session.selected === name;
    if (isSelected) marks.unpin(finding);
    else marks.pin(finding);
    this.showMark();
    session.select(isSelected ? null : name);
    if (!isSelected) requestView(this.element, view);
  }

  private silenceBar(): HTMLElement {
    const title = `Silence ${this.rule} in this run, like run.ignore("${this.rule}")`;
    const silence = button("Not a problem here", title, () => this.silence(this.rule));
    return make("div", { class: "labkit-finding-silence" }, silence);
  }
}

/** Returns the view whose rows show the evidence of a finding. */
function viewOf({ series }: Finding): ViewName {
  return series.some((name) => name.startsWith("act_")) ? "activations" : "gradients";
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
