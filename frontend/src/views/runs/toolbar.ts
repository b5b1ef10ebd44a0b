/** The controls above the table: a filter, what is shown, and the comparison of the marked runs. */

import { make, setText } from "../../parts/element";
import type { ViewSettings } from "../../parts/view-settings";

/** As many as `lk.compare` takes. */
export const MIN_COMPARED = 2;
export const MAX_COMPARED = 8;
const FILTER = "runs filter";
const ALL = "runs all settings";

export interface ToolbarActions {
  /** The filter, or which settings are shown, has changed. */
  changed(): void;
  compare(): void;
  unmark(): void;
}

export class RunsToolbar {
  readonly element: HTMLElement;
  private readonly filter = make("input", {
    type: "search",
    "aria-label": "Filter the runs",
    placeholder: "Filter: name, note, lr=0.1",
    title: "Shows the runs in which each word occurs: in the name, file, note, status or setting",
  });
  private readonly differing = make("input", { type: "checkbox" });
  private readonly compare = make("button", { type: "button", class: "labkit-button" });
  private readonly unmark = make(
    "button",
    { type: "button", class: "labkit-button", title: "Unmark all runs" },
    "Unmark",
  );
  private readonly count = make("span", { class: "labkit-runs-count", role: "status" });

  constructor(settings: ViewSettings, actions: ToolbarActions) {
    this.filter.value = settings.get(FILTER) ?? "";
    this.filter.addEventListener("input", () => {
      settings.set(FILTER, this.filter.value || null);
      actions.changed();
    });
    this.differing.checked = settings.get(ALL) === null;
    this.differing.addEventListener("change", () => {
      settings.set(ALL, this.differing.checked ? null : "on");
      actions.changed();
    });
    this.compare.addEventListener("click", () => actions.compare());
    this.unmark.addEventListener("click", () => actions.unmark());
    const title = "Show only those settings in which the runs differ";
    this.element = make(
      "div",
      { class: "labkit-toolbar" },
      this.filter,
      this.count,
      make("label", { title }, this.differing, "Only what differs"),
      this.compare,
      this.unmark,
    );
  }

  get text(): string {
    return this.filter.value;
  }

  get showsOnlyDiffering(): boolean {
    return this.differing.checked;
  }

  update(shown: number, all: number, marked: number): void {
    const runs = all === 1 ? "run" : "runs";
    setText(this.count, shown === all ? `${all} ${runs}` : `${shown} of ${all} ${runs}`);
    setText(this.compare, marked > 0 ? `Compare ${marked} marked` : "Compare");
    this.compare.disabled = marked < MIN_COMPARED || marked > MAX_COMPARED;
    this.compare.title = this.compare.disabled
      ? `Mark ${MIN_COMPARED} to ${MAX_COMPARED} runs to compare them`
      : "Show the marked runs over each other, side by side, and what differs";
    this.unmark.disabled = marked === 0;
  }
}
