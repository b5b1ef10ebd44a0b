/** The series of several runs, grouped by name, as the curves draw them. */

import type { TableKind } from "../../messages/tables";
import { shorten } from "../../parts/format";
import type { Theme } from "../../parts/theme";
import type { StepAxis } from "../../plot/step-axis";
import type { SeriesTable } from "../../session";
import { type DrawnQuantity, LEARNING_RATE, type Quantity } from "../curves/quantities";
import type { LinkedRun } from "./linked-runs";
import { lookOf } from "./looks";

/** Maximum number of letters of the names of a run and of a series, in a tooltip or a sentence. */
const MAX_NAME = 28;
const MAX_SERIES = 48;

/** A column of one run's table. */
export interface RunSeries {
  readonly run: LinkedRun;
  /** The parameter group, where a run has several lines of this name; "" if there is none. */
  readonly part: string;
  readonly table: SeriesTable;
  readonly column: number;
}

/** The series of all runs that have the same name. */
export interface SharedSeries {
  readonly key: string;
  readonly title: string;
  readonly series: readonly RunSeries[];
}

/** A series of a parameter or module, as chosen in a menu. */
export interface LayerSeries {
  readonly kind: TableKind;
  readonly quantity: string;
  readonly name: string;
}

/** Returns the losses, metrics and learning rates of the runs, in the order of the first ones. */
export function sharedSeries(runs: readonly LinkedRun[]): SharedSeries[] {
  const groups = new Map<string, RunSeries[]>();
  for (const kind of ["loss", "metric", "lr"] as const) {
    for (const run of runs) {
      for (const table of run.session.tables) if (table.kind === kind) add(groups, run, table);
    }
  }
  return [...groups].map(([key, series]) => ({ key, title: titleOf(key, series, runs), series }));
}

/** Returns the series of a parameter or module; null if no run has it. */
export function layerSeries(runs: readonly LinkedRun[], chosen: LayerSeries): SharedSeries | null {
  const series = runs.flatMap((run) =>
    run.session.tables
      .filter(({ kind, names }) => kind === chosen.kind && names.includes(chosen.name))
      .map((table) => ({ run, part: "", table, column: table.names.indexOf(chosen.name) })),
  );
  if (series.length === 0) return null;
  const key = `${chosen.quantity} of ${chosen.name || "the model"}`;
  return { key, title: titleOf(key, series, runs), series };
}

/** Returns the series as quantities of which the toolbar offers a choice. */
export function asQuantities(shared: readonly SharedSeries[]): Quantity[] {
  return shared.map(({ key, title, series }) => ({
    key,
    title,
    lines: series.map(({ run, table, column }) => ({ name: run.name, table, column })),
  }));
}

/** How the lines of a panel are called: by the run alone, or also by the series. */
export type Naming = "run" | "run and series";

/** Returns the panels to draw: each line has the look of its run, and the run's own axis. */
export function drawnPanels(
  shared: readonly SharedSeries[],
  theme: Theme,
  axisOf: (run: LinkedRun) => StepAxis,
  naming: Naming = "run",
): DrawnQuantity[] {
  return shared.map(({ key, title, series }) => ({
    key,
    title,
    lines: series.map(({ run, part, table, column }) => {
      const { colour, dash } = lookOf(run.place, theme);
      const short = naming === "run" ? shorten(run.name, MAX_NAME) : run.name;
      const own = naming === "run" ? [short, part] : [short, key, part];
      return {
        name: own.filter(Boolean).join(" · "),
        table: renamed(table, `${run.place} ${key}`),
        column,
        colour,
        dash,
        axis: axisOf(run),
        inWords: `${shorten(run.name, MAX_NAME)}: ${shorten([key, part].join(" ").trim(), MAX_SERIES)}`,
        isHidden: false,
      };
    }),
  }));
}

function add(groups: Map<string, RunSeries[]>, run: LinkedRun, table: SeriesTable): void {
  table.names.forEach((name, column) => {
    const isRate = table.kind === "lr";
    const key = isRate ? LEARNING_RATE : name;
    const part = isRate && table.names.length > 1 ? name : "";
    groups.set(key, [...(groups.get(key) ?? []), { run, part, table, column }]);
  });
}

/** Returns the name; of a series that one run alone has, also the name of that run. */
function titleOf(key: string, series: readonly RunSeries[], runs: readonly LinkedRun[]): string {
  const having = new Set(series.map(({ run }) => run));
  const [only] = having;
  return having.size === 1 && runs.length > 1 && only ? `${key} (only ${only.name})` : key;
}

/** Returns a table with another id: tables of several runs have the same ones. */
function renamed(table: SeriesTable, prefix: string): SeriesTable {
  return {
    id: `${prefix} ${table.id}`,
    kind: table.kind,
    names: table.names,
    lastStep: table.lastStep,
    points: (column) => table.points(column),
    latest: () => table.latest(),
  };
}
