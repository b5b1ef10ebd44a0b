/** Below the findings: those that have gone, and those of rules that the user has silenced. */

import type { FindingsHistory, PastFinding, SilencedRule } from "../../messages/run";
import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { stepsText } from "./card";
import { severitySign } from "./severity";

export class HistoryList {
  readonly element = make("div", { class: "labkit-findings-history" });
  private readonly past = new FoldedList("earlier");
  private readonly silenced = new FoldedList("silenced");
  private shown = "";

  /** `report` is called with the rule that is no longer to be silenced. */
  constructor(private readonly report: (rule: string) => void) {
    this.element.append(this.past.element, this.silenced.element);
  }

  /** `offersUndo` is whether the rules can be reported again. */
  show(history: FindingsHistory, offersUndo: boolean): void {
    const key = JSON.stringify(history);
    if (key === this.shown) return;
    this.shown = key;
    const { past, dropped, silenced } = history;
    const items = past.map(pastItem);
    if (dropped > 0) items.push(make("li", {}, `${formatCount(dropped)} older ones were dropped`));
    this.past.show(`Earlier: ${formatCount(past.length + dropped)}`, items);
    this.silenced.show(
      `Silenced: ${silenced.length}`,
      silenced.map((rule) => this.silencedItem(rule, offersUndo)),
    );
  }

  private silencedItem(silenced: SilencedRule, offersUndo: boolean): HTMLElement {
    const { rule, severity, message, holds } = silenced;
    const text = make("span", { class: "labkit-finding-words" }, make("b", {}, rule));
    if (message) text.append(`: ${message}${holds ? "" : " (no longer holds)"}`);
    else text.append(": nothing found");
    const undo = make(
      "button",
      { type: "button", class: "labkit-chip", title: `Report the findings of ${rule} again` },
      "Undo",
    );
    undo.hidden = !offersUndo;
    undo.addEventListener("click", () => this.report(rule));
    const sign = severity ? [severitySign(severity)] : [];
    return make("li", { "data-labkit-silenced": rule }, ...sign, text, undo);
  }
}

/** A list that is folded until it is opened; hidden without items. */
class FoldedList {
  readonly element: HTMLDetailsElement;
  private readonly title = make("summary");
  private readonly list = make("ul");

  constructor(name: string) {
    this.element = make("details", { class: `labkit-findings-${name}` }, this.title, this.list);
    this.element.hidden = true;
  }

  show(title: string, items: readonly HTMLElement[]): void {
    this.element.hidden = items.length === 0;
    setText(this.title, title);
    this.list.replaceChildren(...items);
  }
}

function pastItem({
  rule,
  severity,
  message,
  steps,
  ended_step,
  reason,
}: PastFinding): HTMLElement {
  const [why, ...values] = reason.split(": ");
  const detail = values.length > 0 ? ` (${values.join(": ")})` : "";
  const when = `${stepsText(steps)}, ${why} since step ${formatCount(ended_step)}${detail}`;
  const text = make(
    "span",
    { class: "labkit-finding-words" },
    message,
    make("small", {}, ` ${when.charAt(0).toUpperCase()}${when.slice(1)}`),
  );
  return make("li", { "data-labkit-past": rule }, severitySign(severity), text);
}
