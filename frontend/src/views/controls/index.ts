/** The controls of a run: name, status, buttons, progress and what labkit has to say. */

import type { RunState } from "../../protocol";
import type { DrawView } from "../../session";
import { makeButtons } from "./buttons";
import { type Fact, factsOf } from "./facts";

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/** Shows facts in list items that stay in place, so that hovering one is not disturbed. */
function showFacts(list: HTMLElement, facts: readonly Fact[]): void {
  while (list.childElementCount > facts.length) {
    list.lastElementChild?.remove();
  }
  facts.forEach((fact, place) => {
    let item = list.children[place];
    if (item === undefined) {
      item = document.createElement("li");
      item.append(element("span", "labkit-label"), document.createElement("span"));
      list.append(item);
    }
    setText(item.children[0], fact.label);
    setText(item.children[1], fact.value);
    if (item.getAttribute("title") !== fact.meaning) {
      item.setAttribute("title", fact.meaning);
    }
  });
}

function setText(target: Element | undefined, text: string): void {
  if (target !== undefined && target.textContent !== text) {
    target.textContent = text;
  }
}

function showNotices(list: HTMLElement, state: RunState): void {
  const texts = state.notices.map((notice) => notice.text);
  if (state.message !== null) {
    texts.unshift(`This run ended early: ${state.message}`);
  }
  list.hidden = texts.length === 0;
  if (list.dataset.shown !== String(texts.length)) {
    list.dataset.shown = String(texts.length);
    list.replaceChildren(
      ...texts.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }),
    );
  }
}

export const drawControls: DrawView = (root, session) => {
  root.classList.add("labkit", "labkit-controls");
  root.dataset.labkitView = "controls";
  const head = element("div", "labkit-head");
  const name = element("span", "labkit-name");
  const status = element("span", "labkit-status");
  status.setAttribute("role", "status");
  const says = element("p", "labkit-says");
  says.setAttribute("role", "alert");
  says.hidden = true;
  const buttons = makeButtons(session, (text) => {
    says.hidden = text === null;
    says.textContent = text ?? "";
  });
  const progress = element("div", "labkit-progress");
  const bar = document.createElement("div");
  progress.append(bar);
  const facts = element("ul", "labkit-facts");
  const notices = element("ul", "labkit-notices");
  head.append(name, status, buttons.element);
  root.append(head, progress, facts, says, notices);

  const update = (): void => {
    const { state } = session;
    buttons.update(state?.status ?? null);
    if (state === null) {
      setText(status, "connecting");
      return;
    }
    root.dataset.labkitStep = String(state.step);
    setText(name, state.name);
    name.title = state.name;
    setText(status, state.status);
    status.dataset.status = state.status;
    const part = state.total_steps ? Math.min(1, state.step / state.total_steps) : 0;
    progress.style.visibility = state.total_steps ? "visible" : "hidden";
    bar.style.width = `${100 * part}%`;
    showFacts(facts, factsOf(state));
    showNotices(notices, state);
  };
  update();
  const ended = session.subscribe(update);
  return () => {
    ended();
    root.replaceChildren();
  };
};
