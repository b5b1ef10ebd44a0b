/** The details view: all facts of a run with their explanations, and the notices about labkit. */

import { make, setItems, setText } from "../../parts/element";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { redrawOnChange } from "../../parts/redraw-on-change";
import { isFinal } from "../../parts/run-status";
import type { DrawView, RunSession } from "../../session";
import { deliveryFact } from "./delivery";
import { exportFact, type Fact, factsOf, pastFactsOf } from "./facts";

export const drawDetails: DrawView = (root, session) => {
  const notices = make("ul", { class: "labkit-notices", "aria-label": "Notices" });
  const facts = make("ul", { class: "labkit-details", "aria-label": "Facts" });
  const empty = new EmptyMessage();
  const rows = new Map<string, HTMLElement>();
  root.dataset.labkitView = "details";
  root.replaceChildren(notices, facts, empty.element);
  const draw = () => {
    const { state } = session;
    empty.show(state ? null : emptyMessage(session));
    if (!state) return;
    showNotices(
      notices,
      state.notices.map(({ part, text }) => `${part}: ${text}`),
    );
    const known = factsIn(session);
    for (const fact of known) showFact(facts, rows, fact);
    const wanted = known.map(({ id }) => rows.get(id) as HTMLElement);
    if (wanted.some((row, index) => facts.children[index] !== row)) facts.append(...wanted);
    for (const row of [...facts.children].slice(wanted.length)) row.remove();
    root.dataset.labkitStep = String(state.step);
  };
  return redrawOnChange(root, session, draw);
};

function factsIn({ state, delivery, notebook, exported }: RunSession): Fact[] {
  const others = delivery ? [deliveryFact(delivery, notebook)] : [];
  if (!state) return others;
  if (exported === null) return [...factsOf(state), ...others];
  const facts = isFinal(state.status) ? factsOf(state) : pastFactsOf(state);
  return [...facts, exportFact(exported, state.status)];
}

function showNotices(list: HTMLElement, texts: readonly string[]): void {
  list.hidden = texts.length === 0;
  setItems(list, texts);
}

function showFact(list: HTMLElement, rows: Map<string, HTMLElement>, fact: Fact): void {
  let row = rows.get(fact.id);
  if (!row) {
    row = make("li", { "data-labkit-detail": fact.id }, make("b"), make("span"));
    rows.set(fact.id, row);
    list.append(row);
  }
  const [term, explanation] = [...row.children] as HTMLElement[];
  if (term) setText(term, fact.text);
  if (explanation) setText(explanation, fact.explanation);
}
