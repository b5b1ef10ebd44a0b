/** Groups columns into panels: a loss with its validation loss, a metric with its test metric. */

import type { SeriesTable } from "../../session";

export interface Line {
  readonly name: string;
  readonly table: SeriesTable;
  readonly column: number;
}

export interface Quantity {
  readonly key: string;
  readonly lines: readonly Line[];
}

export const LEARNING_RATE = "learning rate";

const SPLIT = "train|training|val|valid|validation|test|eval|dev";
const SPLIT_PREFIX = new RegExp(`^(?:${SPLIT})[ _./-]+(?=.)`, "i");
const SPLIT_SUFFIX = new RegExp(`(?<=.)[ _./-]+(?:${SPLIT})$`, "i");

/** Returns "accuracy" for "val_accuracy", "train/accuracy" and "accuracy". */
export function nameWithoutSplit(name: string): string {
  return name.replace(SPLIT_PREFIX, "").replace(SPLIT_SUFFIX, "");
}

/** Returns the quantities of a run: losses, then metrics in recorded order, then learning rates. */
export function quantitiesOf(tables: readonly SeriesTable[]): Quantity[] {
  const lines = new Map<string, Line[]>([["loss", []]]);
  for (const kind of ["loss", "metric", "lr"] as const) {
    for (const table of tables) {
      if (table.kind !== kind) continue;
      table.names.forEach((name, column) => {
        const key = keyOf(table, name);
        const known = lines.get(key) ?? [];
        lines.set(key, known);
        known.push({ name: nameOf(table, name), table, column });
      });
    }
  }
  return [...lines]
    .filter(([, each]) => each.length > 0)
    .map(([key, each]) => ({ key, lines: each }));
}

function keyOf(table: SeriesTable, name: string): string {
  if (table.kind === "loss") return "loss";
  return table.kind === "lr" ? LEARNING_RATE : nameWithoutSplit(name);
}

function nameOf(table: SeriesTable, name: string): string {
  if (table.kind !== "lr") return name;
  return table.names.length === 1 ? LEARNING_RATE : `${LEARNING_RATE} ${name}`;
}
