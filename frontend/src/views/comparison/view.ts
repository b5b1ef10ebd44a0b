/**
 * The comparison: the runs' curves laid over each other, their views side by side, and what differs
 * between them. Each run has the session that its other views on the page have.
 */

import { make } from "../../parts/element";
import { RedrawScheduler } from "../../parts/redraw-scheduler";
import { readTheme, watchTheme } from "../../parts/theme";
import { ViewSettings } from "../../parts/view-settings";
import { drawBeside } from "./beside";
import { drawDifferences } from "./differences";
import { type ComparedRun, LinkedRuns } from "./linked-runs";
import { drawOverlaid } from "./overlaid";
import { RunChips } from "./run-chips";
import { Tabs } from "./tabs";

const TAB = "comparison tab";

/** Draws a comparison of some runs into an element; returns its clean-up. */
export function drawComparison(root: HTMLElement, compared: readonly ComparedRun[]): () => void {
  const view = new ComparisonView(root, compared);
  return () => view.close();
}

class ComparisonView {
  private readonly runs: LinkedRuns;
  private readonly chips: RunChips;
  private readonly tabs: Tabs;
  private readonly redraw: RedrawScheduler;
  private readonly cleanups: readonly (() => void)[];

  constructor(
    private readonly root: HTMLElement,
    compared: readonly ComparedRun[],
  ) {
    root.classList.add("labkit-comparison");
    root.dataset.labkitView = "comparison";
    this.runs = new LinkedRuns(compared);
    const { runs } = this;
    const settings = new ViewSettings(runs.id);
    this.chips = new RunChips(runs, () => {
      this.update();
      this.tabs.show();
    });
    const tabs = [
      {
        name: "overlaid",
        title: "Overlaid",
        explanation: "A panel for each series, with a line for each run",
        draw: (place: HTMLElement) => drawOverlaid(place, runs),
      },
      {
        name: "beside",
        title: "Side by side",
        explanation: "The views of the runs beside each other, with one menu and the same scales",
        draw: (place: HTMLElement) => drawBeside(place, runs),
      },
      {
        name: "differences",
        title: "Differences",
        explanation: "What differs in the configuration of the runs, and in what they came to",
        draw: (place: HTMLElement) => drawDifferences(place, runs),
      },
    ];
    this.tabs = new Tabs(tabs, settings.get(TAB), (name) => settings.set(TAB, name));
    root.replaceChildren(
      make("header", { class: "labkit-comparison-head" }, this.chips.element),
      this.tabs.element,
    );
    this.redraw = new RedrawScheduler(root, () => this.update());
    this.cleanups = [
      runs.subscribe(() => this.redraw.later()),
      watchTheme(() => this.redraw.now()),
    ];
    this.update();
    this.tabs.show();
  }

  close(): void {
    for (const end of this.cleanups) end();
    this.redraw.close();
    this.tabs.close();
    this.runs.close();
    this.root.replaceChildren();
  }

  private update(): void {
    this.chips.update(readTheme(this.root));
    const steps = this.runs.all.map(({ session }) => session.state?.step ?? 0);
    this.root.dataset.labkitStep = String(Math.max(...steps));
  }
}
