/**
 * One line that says what matters most: what is wrong with the connection, why the loop failed, the
 * most severe finding, an interrupt, or a notice; in one quiet word that nothing was found.
 */

import { make, setText } from "../../parts/element";
import { formatCount, shorten } from "../../parts/format";
import { isFinal } from "../../parts/run-status";
import type { RunSession } from "../../session";
import type { CardName } from "./arrangement";

type Severity = "error" | "warning" | "hint" | "none";

interface News {
  readonly severity: Severity;
  readonly text: string;
  /** Since when, for example "since step 40". */
  readonly since: string;
  /** The card with more about it; null if nothing more is known. */
  readonly card: CardName | null;
  /** The rule of a finding. */
  readonly rule: string | null;
}

/** Maximum number of characters of a name in the headline. */
const MAX_WORD = 48;

const SIGNS: Readonly<Record<Severity, string>> = {
  error: "✕",
  warning: "!",
  hint: "i",
  none: "✓",
};

export class Headline {
  readonly element = make("button", { type: "button", class: "labkit-headline" });
  private readonly sign = make("span", { class: "labkit-finding-sign", "aria-hidden": "true" });
  private readonly text = make("span", { class: "labkit-headline-text" });
  private readonly since = make("span", { class: "labkit-headline-since" });
  private readonly more = make("span", { class: "labkit-headline-more" });
  private shown: News | null = null;

  /** `open` is called with the card that says more, and the rule of the finding. */
  constructor(
    private readonly session: RunSession,
    open: (card: CardName, rule: string | null) => void,
  ) {
    this.element.append(this.sign, this.text, this.since, this.more);
    this.element.addEventListener("click", () => {
      if (this.shown?.card) open(this.shown.card, this.shown.rule);
    });
    this.update();
  }

  update(): void {
    const [first, ...others] = newsOf(this.session);
    const news = first ?? quiet(this.session);
    this.shown = news;
    this.element.dataset.severity = news.severity;
    this.element.disabled = news.card === null;
    setText(this.sign, SIGNS[news.severity]);
    setText(this.text, withShortNames(news.text));
    setText(this.since, news.since);
    setText(this.more, others.length > 0 ? `and ${others.length} more` : "");
    const title = news.card === null ? news.text : `${news.text} Click for more.`;
    if (this.element.title !== title) this.element.title = title;
  }
}

/** Returns what there is to say, the most severe first. */
function newsOf({ problem, state, findings }: RunSession): News[] {
  const news: News[] = [];
  if (problem !== null) news.push(plain("warning", problem, null));
  const ended = state?.message ? sentence(state.message) : null;
  const hasFailed = state?.status === "failed";
  if (ended && hasFailed) news.push(plain("error", ended, "details"));
  for (const { rule, severity, message, steps } of findings) {
    const since = `since step ${formatCount(steps[0])}`;
    news.push({ severity, text: message, since, card: "findings", rule });
  }
  if (ended && !hasFailed) news.push(plain("hint", ended, "details"));
  for (const { part, text } of state?.notices ?? []) {
    news.push(plain("hint", `${part}: ${text}`, "details"));
  }
  return news;
}

function quiet({ state }: RunSession): News {
  const hasTrained = state !== null && state.step > 0;
  if (!hasTrained && state && isFinal(state.status)) {
    return plain("none", "The run ended before its first step", null);
  }
  return plain("none", hasTrained ? "No findings" : "Nothing to say yet", null);
}

/** Returns a text with long names shortened, so that the sentence around them is seen. */
function withShortNames(text: string): string {
  return text.replace(/\S+/g, (word) => shorten(word, MAX_WORD));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plain(severity: Severity, text: string, card: CardName | null): News {
  return { severity, text, since: "", card, rule: null };
}
