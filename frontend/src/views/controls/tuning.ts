/** Changes to the training while it runs: groups of the optimizers, modules, the budget, events. */

import { make, setText } from "../../parts/element";
import { formatShare } from "../../parts/format";
import { EmptyMessage, emptyMessage } from "../../parts/panel";
import { redrawOnChange } from "../../parts/redraw-on-change";
import { isFinal } from "../../parts/run-status";
import { ViewSettings } from "../../parts/view-settings";
import type { DrawView, RunSession } from "../../session";
import { isTrainedHere } from "./buttons";
import { ChangeSender } from "./change-sender";
import { EventList } from "./tuning-events";
import { GroupFields } from "./tuning-group";
import { ModuleFreezer } from "./tuning-modules";

const BUDGETS = [0.01, 0.03, 0.1, 0.3] as const;

/** Draws the form as a view of its own. */
export const drawTuning: DrawView = (root, session) => {
  const form = new TuningForm(session);
  const empty = new EmptyMessage();
  root.dataset.labkitView = "tuning";
  root.replaceChildren(form.element, empty.element);
  const draw = () => {
    form.update();
    const hasStarted = session.state !== null && session.state.step > 0;
    form.element.hidden = !hasStarted && form.isEmpty;
    empty.show(form.element.hidden ? emptyMessage(session) : null);
    root.dataset.labkitStep = String(session.state?.step ?? 0);
  };
  return redrawOnChange(root, session, draw);
};

/** The form in a section that is closed until it is opened. */
export class TuningSection {
  readonly element = make("details", { class: "labkit-tuning" });
  private readonly count = make("span", { class: "labkit-tuning-count" });
  private readonly form: TuningForm;

  constructor(private readonly session: RunSession) {
    this.form = new TuningForm(session);
    const settings = new ViewSettings(session.runId);
    this.element.open = settings.get("tuning") === "open";
    this.element.addEventListener("toggle", () => {
      settings.set("tuning", this.element.open ? "open" : null);
      this.update();
    });
    this.element.append(
      make(
        "summary",
        { title: "Change learning rates, freeze modules, and take changes back, while it trains." },
        "Tuning",
        this.count,
      ),
      this.form.element,
    );
    this.element.hidden = true;
    this.update();
  }

  update(): void {
    const { tuning, state } = this.session;
    // It remains when a run ends, also if the view is drawn again then, so that nothing moves.
    const hasTrained = state !== null && state.step > 0 && isFinal(state.status);
    if (!this.form.isEmpty || hasTrained) this.element.hidden = false;
    const inForce = tuning.events.filter(({ taken_back }) => taken_back === null).length;
    setText(this.count, inForce ? `${inForce} change${inForce === 1 ? "" : "s"}` : "");
    if (this.element.open) this.form.update();
  }
}

class TuningForm {
  readonly element = make("div", { class: "labkit-tuning-form" });
  private readonly place = make("div", { class: "labkit-tuning-groups" });
  private readonly groups = new Map<string, GroupFields>();
  private readonly sender: ChangeSender;
  private readonly modules: ModuleFreezer;
  private readonly events: EventList;
  private readonly budget = make("select", { "aria-label": "Budget for watching" });
  private readonly budgetRow: HTMLElement;
  private readonly unchanged = make("p", { class: "labkit-tuning-own" }, "Nothing was changed.");

  constructor(private readonly session: RunSession) {
    this.sender = new ChangeSender(session);
    this.modules = new ModuleFreezer(this.sender);
    this.events = new EventList(this.sender);
    this.budgetRow = make(
      "div",
      { class: "labkit-tuning-row" },
      make(
        "span",
        {
          class: "labkit-tuning-name",
          title:
            "The part of the loop's time that labkit may take. With more, norms, histograms, " +
            "activations and graphs are read in more of the steps.",
        },
        "Watching",
      ),
      this.budget,
    );
    this.budget.addEventListener("change", () =>
      this.sender.send({ type: "budget", budget: Number(this.budget.value) }),
    );
    // The keys belong to the fields, not to the notebook around them.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.element.append(
      this.place,
      this.modules.element,
      this.budgetRow,
      this.sender.message,
      this.unchanged,
      this.events.element,
    );
    this.update();
  }

  /** Whether there is nothing to change, and nothing was changed. */
  get isEmpty(): boolean {
    const { groups, modules, events } = this.session.tuning;
    return groups.length + modules.length + events.length === 0;
  }

  update(): void {
    const { tuning, state } = this.session;
    const { modules, events } = tuning;
    this.unchanged.hidden = !this.isEmpty;
    if (!state) return;
    const isLive = !isFinal(state.status) && isTrainedHere(this.session);
    const isOpen = isLive && this.session.problem === null;
    this.updateGroups(isOpen);
    this.modules.update(modules, isOpen, this.session.selected);
    if (this.session.exported !== null) this.modules.element.hidden = true;
    this.budgetRow.hidden = !isOpen;
    this.updateBudget(state.budget);
    this.events.update(events, isOpen);
  }

  private updateGroups(isOpen: boolean): void {
    const { groups } = this.session.tuning;
    const names = new Set(groups.map(({ name }) => name));
    for (const [name, fields] of this.groups) {
      if (names.has(name)) continue;
      fields.element.remove();
      this.groups.delete(name);
    }
    for (const facts of groups) {
      let fields = this.groups.get(facts.name);
      if (!fields) {
        fields = new GroupFields(facts.name, this.sender);
        this.groups.set(facts.name, fields);
        this.place.append(fields.element);
      }
      fields.update(facts, groups.length === 1, isOpen);
    }
  }

  private updateBudget(budget: number): void {
    if (this.budget === document.activeElement) return;
    const offered = [...new Set([...BUDGETS, budget])].sort((a, b) => a - b);
    if (offered.join() !== [...this.budget.options].map(({ value }) => value).join()) {
      this.budget.replaceChildren(
        ...offered.map((part) =>
          make("option", { value: String(part) }, `up to ${formatShare(part)} of the time`),
        ),
      );
    }
    this.budget.value = String(budget);
  }
}
