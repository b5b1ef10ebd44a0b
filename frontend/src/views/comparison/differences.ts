/** The table of what differs between the runs: their configuration, and what they came to. */

import { make } from "../../parts/element";
import { LiveDrawing } from "../../parts/live-drawing";
import type { Theme } from "../../parts/theme";
import { ViewSettings } from "../../parts/view-settings";
import type { RunSession } from "../../session";
import type { LinkedRun, LinkedRuns } from "./linked-runs";
import { lookOf, Swatch } from "./looks";
import { resultsOf } from "./results";

type Rows = Readonly<Record<string, string>>;

interface Section {
  readonly title: string;
  readonly explanation: string;
  readonly rowsOf: (session: RunSession) => Rows;
}

const SECTIONS: readonly Section[] = [
  {
    title: "Configuration",
    explanation:
      "What each run was set up with. Hyperparameters are those at the start of the run; what a " +
      "scheduler did to them is a curve.",
    rowsOf: ({ configuration }) => configuration,
  },
  {
    title: "Results",
    explanation: "What each run has come to so far.",
    rowsOf: resultsOf,
  },
];
const UNKNOWN = "–";
const ALL = "comparison all rows";

export function drawDifferences(root: HTMLElement, runs: LinkedRuns): () => void {
  const table = new DifferencesTable(root, runs);
  return () => table.close();
}

class DifferencesTable {
  private readonly all = make("input", { type: "checkbox" });
  private readonly table = make("table");
  private readonly same = make("p", { class: "labkit-message", role: "status" });
  private readonly live: LiveDrawing;
  /** What the table shows, so that it is only made anew when something else is to be shown. */
  private drawn = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly runs: LinkedRuns,
  ) {
    const settings = new ViewSettings(runs.id);
    this.all.checked = settings.get(ALL) === "on";
    this.all.addEventListener("change", () => {
      settings.set(ALL, this.all.checked ? "on" : null);
      this.draw();
    });
    const title = "Also show the rows that are the same in all runs";
    const toolbar = make(
      "div",
      { class: "labkit-toolbar" },
      make("label", { title }, this.all, "Show all"),
      this.same,
    );
    const scroller = make(
      "div",
      {
        class: "labkit-comparison-scroller",
        tabindex: "0",
        role: "region",
        "aria-label": "Table of differences",
      },
      this.table,
    );
    this.table.className = "labkit-comparison-table";
    root.replaceChildren(toolbar, scroller);
    const { session } = runs.all[0] as LinkedRun;
    this.live = new LiveDrawing(root, session, () => this.draw(), "every frame");
    this.draw();
  }

  close(): void {
    this.live.close();
    this.root.replaceChildren();
  }

  private draw(): void {
    const { shown } = this.runs;
    const { theme } = this.live;
    const sections = SECTIONS.map((section) => {
      const columns = shown.map(({ session }) => section.rowsOf(session));
      return { section, columns, names: this.chosen(columns) };
    });
    const key = JSON.stringify([theme.series, shown.map(({ place }) => place), sections]);
    if (key === this.drawn) return;
    this.drawn = key;
    const isSame = sections[0]?.names.length === 0 && !this.all.checked && shown.length > 1;
    this.same.textContent = isSame
      ? "The runs do not differ in what labkit knows of their configuration."
      : "";
    const bodies = sections.map(({ section, columns, names }) => bodyOf(section, columns, names));
    this.table.replaceChildren(headOf(shown, theme), ...bodies);
  }

  /** Returns the names of the rows to show, in the order of the runs. */
  private chosen(columns: readonly Rows[]): string[] {
    const names = [...new Set(columns.flatMap((rows) => Object.keys(rows)))];
    return this.all.checked ? names : names.filter((name) => differs(name, columns));
  }
}

function differs(name: string, columns: readonly Rows[]): boolean {
  return new Set(columns.map((rows) => rows[name])).size > 1 || columns.length === 1;
}

function headOf(shown: readonly LinkedRun[], theme: Theme): HTMLElement {
  const cells = shown.map(({ name, place }) => {
    const swatch = new Swatch();
    swatch.show(lookOf(place, theme));
    const text = make("span", { class: "labkit-comparison-name" }, name);
    const label = make("div", { class: "labkit-comparison-label" }, swatch.element, text);
    return make("th", { scope: "col", title: name }, label);
  });
  return make("thead", {}, make("tr", {}, make("td"), ...cells));
}

function bodyOf(
  { title, explanation }: Section,
  columns: readonly Rows[],
  names: readonly string[],
): HTMLElement {
  const body = make("tbody");
  if (names.length === 0) return body;
  const span = String(columns.length + 1);
  const heading = make("th", { colspan: span, scope: "rowgroup", title: explanation }, title);
  body.append(make("tr", { class: "labkit-comparison-section" }, heading));
  for (const name of names) {
    const cells = columns.map((rows) => make("td", {}, rows[name] ?? UNKNOWN));
    const row = make("tr", {}, make("th", { scope: "row" }, name), ...cells);
    row.classList.toggle("labkit-comparison-differs", differs(name, columns));
    body.append(row);
  }
  return body;
}
