/** A finding: its message, and, if it is open, its cause, advice and places. */

import type { Finding } from "../../messages/run";
import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { ViewSettings } from "../../parts/view-settings";
import type { RunSession } from "../../session";
import { chapterLink } from "./chapter";

/** A symbol and a text for each severity, so that colour is not the only difference. */
const SEVERITIES: Readonly<Record<Finding["severity"], readonly [sign: string, text: string]>> = {
  error: ["✕", "Error: training cannot succeed like this"],
  warning: ["!", "Warning: training is going badly"],
  hint: ["i", "Hint: training could go better"],
};
const MAX_PLACES = 4;

export class FindingCard {
  readonly element = make("li", { class: "labkit-finding" });
  private readonly sign = make("span", { class: "labkit-finding-sign", role: "img" });
  private readonly message = make("span", { class: "labkit-finding-words" });
  private readonly body = make("div", { class: "labkit-finding-body" });
  private shown = "";

  constructor(
    private readonly session: RunSession,
    rule: string,
  ) {
    const settings = new ViewSettings(session.runId);
    const details = make("details", {}, make("summary", {}, this.sign, this.message), this.body);
    details.open = settings.get(`finding ${rule}`) === "open";
    details.addEventListener("toggle", () =>
      settings.set(`finding ${rule}`, details.open ? "open" : null),
    );
    this.element.append(details);
  }

  show(finding: Finding): void {
    const key = JSON.stringify(finding);
    if (key === this.shown) return;
    this.shown = key;
    const [sign, text] = SEVERITIES[finding.severity];
    this.element.dataset.severity = finding.severity;
    this.element.dataset.labkitFinding = finding.rule;
    setText(this.sign, sign);
    this.sign.title = text;
    this.sign.setAttribute("aria-label", text);
    setText(this.message, finding.message);
    this.body.replaceChildren(
      make("p", {}, make("b", {}, "Why: "), finding.cause),
      make("p", {}, make("b", {}, "What to try:")),
      make("ul", {}, ...finding.advice.map((advice) => make("li", {}, advice))),
      this.places(finding),
    );
  }

  /** Returns buttons that select the step, the parameters or modules, and the graph node. */
  private places(finding: Finding): HTMLElement {
    const [first] = finding.steps;
    const bar = make("div", { class: "labkit-finding-places" });
    bar.append(
      button(`Look at step ${formatCount(first)}`, "Show this step in all views", () =>
        this.session.setCursor(first),
      ),
    );
    const { node } = finding;
    if (node) {
      bar.append(button("Show in the graph", `Go to ${node}`, () => this.session.select(node)));
    }
    for (const name of finding.where.slice(0, MAX_PLACES)) {
      if (name) {
        bar.append(button(name, `Pick ${name} in all views`, () => this.session.select(name)));
      }
    }
    if (finding.line) bar.append(make("code", { title: "The line of your code" }, finding.line));
    if (finding.chapter) {
      bar.append(chapterLink(finding.chapter, this.session.course));
    }
    return bar;
  }
}

function button(name: string, explanation: string, pressed: () => void): HTMLButtonElement {
  const made = make("button", { type: "button", class: "labkit-chip", title: explanation }, name);
  made.addEventListener("click", pressed);
  return made;
}
