/** Norms, or update ratios, of parameters and modules at a step. */

import type { TableKind } from "../../../messages/tables";
import { valuesAt } from "../../../parts/values-at";
import type { SeriesTable } from "../../../session";

export interface Norms {
  /** By the name of the parameter. */
  readonly parameters: ReadonlyMap<string, number>;
  /** By the path of the module; "" for the model. */
  readonly modules: ReadonlyMap<string, number>;
  /** The step at which they were recorded; null without any. */
  readonly step: number | null;
}

/**
 * Returns the norms at step `cursor`, or the newest for null. `tied` contains the names of each
 * parameter that has several; at least one of them is recorded. The newest gradient norm of a
 * `frozen` parameter is none: what was recorded is of the time before.
 */
export function readNorms(
  tables: readonly SeriesTable[],
  kind: TableKind,
  cursor: number | null,
  tied: readonly (readonly string[])[] = [],
  frozen: ReadonlySet<string> = new Set(),
): Norms {
  const parameters = new Map<string, number>();
  let step: number | null = null;
  for (const table of tables) {
    if (table.kind !== kind) continue;
    const values = valuesAt(table, cursor);
    if (!values) continue;
    table.names.forEach((name, column) => {
      const value = values[column];
      if (value === undefined || (frozen.has(name) && isAbsent(value, kind, cursor))) return;
      parameters.set(name, value);
    });
    step = Math.max(step ?? 0, cursor ?? table.lastStep);
  }
  const join = kind === "update_ratio" ? Math.max : Math.hypot;
  return { parameters, modules: joined(parameters, tied, join), step };
}

/** Whether a frozen parameter has no value: its newest gradient is of the time before. */
function isAbsent(value: number, kind: TableKind, cursor: number | null): boolean {
  return Number.isNaN(value) || (cursor === null && kind !== "weight_norm");
}

/** Returns the value of each module, combined from all parameters of it and its children. */
function joined(
  parameters: ReadonlyMap<string, number>,
  tied: readonly (readonly string[])[],
  join: (one: number, other: number) => number,
): Map<string, number> {
  const others = new Map(tied.flatMap((names) => names.map((name) => [name, names] as const)));
  const counted = new Set<string>();
  const made = new Map<string, number>();
  for (const [name, norm] of parameters) {
    if (counted.has(name)) continue;
    const names = others.get(name) ?? [name];
    for (const each of names) counted.add(each);
    for (const path of new Set(names.flatMap(pathsAround))) {
      made.set(path, join(made.get(path) ?? 0, norm));
    }
  }
  return made;
}

/** Returns the paths of the enclosing modules: "", "a" and "a.b" for "a.b.weight". */
function pathsAround(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, length) => parts.slice(0, length).join("."));
}
