/** The names of the runs with their colours and progress; a click shows or hides a run. */

import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { isFinal } from "../../parts/run-status";
import type { Theme } from "../../parts/theme";
import type { RunSession } from "../../session";
import { STATUS_TEXTS, UNFINISHED } from "../controls/facts";
import type { LinkedRun, LinkedRuns } from "./linked-runs";
import { lookOf, Swatch } from "./looks";

interface Chip {
  readonly run: LinkedRun;
  readonly button: HTMLButtonElement;
  readonly swatch: Swatch;
  readonly progress: HTMLElement;
}

export class RunChips {
  readonly element = make("div", {
    class: "labkit-comparison-runs",
    role: "group",
    "aria-label": "Runs",
  });
  private readonly chips: readonly Chip[];

  constructor(
    private readonly runs: LinkedRuns,
    private readonly toggled: () => void,
  ) {
    this.chips = runs.all.map((run) => this.chip(run));
    this.element.append(...this.chips.map(({ button }) => button));
  }

  update(theme: Theme): void {
    const { shown } = this.runs;
    for (const { run, button, swatch, progress } of this.chips) {
      swatch.show(lookOf(run.place, theme));
      button.setAttribute("aria-pressed", String(shown.includes(run)));
      setText(progress, progressText(run.session));
    }
  }

  private chip(run: LinkedRun): Chip {
    const swatch = new Swatch();
    const progress = make("span", { class: "labkit-comparison-progress" });
    const name = make("span", { class: "labkit-comparison-name" }, run.name);
    const button = make("button", {
      type: "button",
      class: "labkit-comparison-run",
      title: `${run.name}: show or hide this run`,
    });
    button.append(swatch.element, name, progress);
    button.addEventListener("click", () => {
      this.runs.toggle(run);
      this.toggled();
    });
    return { run, button, swatch, progress };
  }
}

/** Returns "Running · step 1,200", or why there is nothing. */
export function progressText({ state, problem, exported }: RunSession): string {
  if (!state) return problem ? "no connection" : "loading";
  const isCut = exported !== null && !isFinal(state.status);
  return `${isCut ? UNFINISHED : STATUS_TEXTS[state.status][0]} · step ${formatCount(state.step)}`;
}
