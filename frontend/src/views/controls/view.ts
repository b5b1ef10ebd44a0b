/**
 * The controls view: status and progress of the run, and buttons to control it. A dashboard adds
 * elements of its own, and shows problems, notices and the tuning elsewhere.
 */

import type { Notice, RunState } from "../../messages/run";
import { make, setItems, setText } from "../../parts/element";
import { drawsEachStep, RedrawScheduler } from "../../parts/redraw-scheduler";
import { isFinal } from "../../parts/run-status";
import type { DrawView, RunSession } from "../../session";
import { Buttons } from "./buttons";
import { deliveryFact } from "./delivery";
import {
  exportFact,
  type Fact,
  factsOf,
  pastFactsOf,
  progressOf,
  STALE,
  STATUS_TEXTS,
  UNFINISHED,
} from "./facts";
import { PaceControl } from "./pace";
import { TuningSection } from "./tuning";

const WHEN_SAVED = "The training was not at its end when this page was saved.";

export const drawControls: DrawView = (root, session) => {
  const view = new ControlsView(root, session);
  return () => view.close();
};

/** What a dashboard adds to its controls. */
export interface ControlsOptions {
  /** Shown after the status. */
  readonly beside: HTMLElement;
  /** Shown at the end of the line. */
  readonly after: HTMLElement;
}

export class ControlsView {
  private readonly name = make("span", { class: "labkit-run-name" });
  private readonly status = make("span", { class: "labkit-status" });
  private readonly facts = make("ul", { class: "labkit-facts", "aria-label": "Progress" });
  private readonly filled = make("div", { class: "labkit-progress-filled" });
  private readonly progress = make(
    "div",
    {
      class: "labkit-progress",
      role: "progressbar",
      "aria-label": "Steps done",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    },
    this.filled,
  );
  private readonly problem = make("p", { class: "labkit-problem", role: "alert" });
  private readonly notices = make("ul", { class: "labkit-notices", "aria-label": "Notices" });
  private readonly items = new Map<string, HTMLLIElement>();
  private readonly buttons: Buttons;
  private readonly pace: PaceControl;
  /** Null in a dashboard. */
  private readonly tuning: TuningSection | null;
  private readonly redraw: RedrawScheduler;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly root: HTMLElement,
    private readonly session: RunSession,
    private readonly inDashboard: ControlsOptions | null = null,
  ) {
    this.buttons = new Buttons(session);
    const dashboard = root.closest<HTMLElement>("[data-labkit-view=dashboard]") ?? root;
    dashboard.tabIndex = -1; // A click in the dashboard gives it the focus, so that keys work.
    this.pace = new PaceControl(session, dashboard);
    this.tuning = inDashboard ? null : new TuningSection(session);
    root.classList.add("labkit-controls");
    root.dataset.labkitView = "controls";
    const { beside = "", after = "" } = inDashboard ?? {};
    const messages = [this.buttons.message, this.pace.message];
    root.replaceChildren(
      make(
        "div",
        { class: "labkit-header" },
        make("div", { class: "labkit-heading" }, this.name, this.status, beside),
        make("div", { class: "labkit-actions" }, this.pace.element, this.buttons.element),
        after,
      ),
      this.progress,
      this.facts,
    );
    if (this.tuning) root.append(...messages, this.problem, this.notices, this.tuning.element);
    else root.append(make("div", { class: "labkit-controls-messages" }, ...messages));
    this.redraw = new RedrawScheduler(root, () => this.draw());
    this.unsubscribe = session.subscribe(() => {
      this.buttons.update();
      this.pace.update();
      this.redraw.later(true, drawsEachStep(session.state));
    });
    this.draw();
  }

  close(): void {
    this.unsubscribe();
    this.pace.close();
    this.redraw.close();
    this.root.replaceChildren();
  }

  private draw(): void {
    const { state, problem } = this.session;
    if (!this.inDashboard) this.drawProblem(problem);
    if (state) this.drawState(state);
    else {
      setText(this.name, "labkit");
      this.progress.hidden = true;
    }
  }

  private drawState(state: RunState): void {
    const { problem, exported } = this.session;
    const isOpen = !isFinal(state.status);
    const isStale = isOpen && (problem !== null || exported !== null);
    const [word, explanation] = isStale
      ? [problem === null ? UNFINISHED : STALE, problem ?? WHEN_SAVED]
      : STATUS_TEXTS[state.status];
    setText(this.name, state.name);
    this.name.title = state.name;
    setText(this.status, word);
    this.status.dataset.status = isStale ? "stale" : state.status;
    this.status.title = isStale ? explanation : (state.message ?? explanation);
    const { delivery, notebook } = this.session;
    // A run that is read from a file has no loop that clicks could reach.
    const isControlled = delivery !== null && state.read_from === null;
    const others = [
      ...(exported === null ? [] : [exportFact(exported, state.status)]),
      ...(isControlled ? [deliveryFact(delivery, notebook)] : []),
    ];
    this.drawFacts([...(isStale ? pastFactsOf(state) : factsOf(state)), ...others]);
    this.drawProgress(progressOf(state));
    if (!this.inDashboard) this.drawNotices(state);
    this.tuning?.update();
    this.root.dataset.labkitStep = String(state.step);
  }

  private drawProblem(problem: string | null): void {
    setText(this.problem, problem ?? "");
    this.problem.hidden = problem === null;
  }

  private drawFacts(facts: readonly Fact[]): void {
    for (const { id, text, explanation } of facts) {
      const item = this.items.get(id) ?? make("li", { "data-labkit-fact": id });
      this.items.set(id, item);
      setText(item, text);
      if (item.title !== explanation) item.title = explanation;
    }
    const wanted = facts.map(({ id }) => this.items.get(id) as HTMLLIElement);
    const same = wanted.length === this.facts.children.length;
    if (!same || wanted.some((item, index) => this.facts.children[index] !== item)) {
      this.facts.replaceChildren(...wanted);
    }
  }

  private drawProgress(part: number | null): void {
    this.progress.hidden = part === null;
    if (part === null) return;
    this.filled.style.width = `${(100 * part).toFixed(1)}%`;
    this.progress.setAttribute("aria-valuenow", String(Math.floor(100 * part)));
  }

  private drawNotices({ notices, message }: RunState): void {
    const failure: Notice[] = message ? [{ part: "run", text: message }] : [];
    const texts = [...failure, ...notices].map(({ part, text }) => `${part}: ${text}`);
    this.notices.hidden = texts.length === 0;
    setItems(this.notices, texts);
  }
}
