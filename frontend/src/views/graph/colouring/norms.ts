/** Norms, or update ratios, of parameters and modules at one step. */

import type { TableKind } from "../../../messages/tables";
import type { SeriesTable } from "../../../session";

export interface Norms {
  /** By the parameter's name. */
  readonly parameters: ReadonlyMap<string, number>;
  /** By the module's path; "" for the model itself. */
  readonly modules: ReadonlyMap<string, number>;
  /** The step at which they were recorded; null where there are none. */
  readonly step: number | null;
}

/**
 * Reads the norms at step `cursor`, or the newest for null. `tied` holds the names of each
 * parameter that has several; one of them is recorded, or more.
 */
export function readNorms(
  tables: readonly SeriesTable[],
  kind: TableKind,
  cursor: number | null,
  tied: readonly (readonly string[])[] = [],
): Norms {
  const parameters = new Map<string, number>();
  let step: number | null = null;
  for (const table of tables) {
    if (table.kind !== kind) continue;
    const values = cursor === null ? table.latest() : valuesAt(table, cursor);
    if (!values) continue;
    table.names.forEach((name, column) => {
      const value = values[column];
      if (value !== undefined) parameters.set(name, value);
    });
    step = Math.max(step ?? 0, cursor ?? table.lastStep);
  }
  const join = kind === "update_ratio" ? Math.max : Math.hypot;
  return { parameters, modules: joined(parameters, tied, join), step };
}

/** Returns each module's value, joined from all its parameters, its children's included. */
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

/** Returns the paths of the modules around a parameter: of "a.b.weight" "", "a" and "a.b". */
function pathsAround(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, length) => parts.slice(0, length).join("."));
}

/** Returns the last values recorded up to a step. */
function valuesAt(table: SeriesTable, step: number): Float32Array {
  return Float32Array.from(table.names, (_, column) => {
    const { steps, values } = table.points(column);
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle] ?? 0) <= step) low = middle + 1;
      else high = middle;
    }
    return values[low - 1] ?? Number.NaN;
  });
}
