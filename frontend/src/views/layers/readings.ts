/** What was recorded last of each module: norms of its parameters, and its activations. */

import type { TableKind } from "../../messages/tables";
import { valuesAt } from "../../parts/values-at";
import type { RunSession } from "../../session";

/** The last recorded values of a module with the modules in it; null for what was not recorded. */
export interface Reading {
  /** Root of the sum of squares over the parameters, as the next. */
  readonly gradientNorm: number | null;
  readonly weightNorm: number | null;
  /** The same of the updates, over the weight norm. */
  readonly updateRatio: number | null;
  /** The largest part of dead units, and of saturated outputs, 0 to 1. */
  readonly dead: number | null;
  readonly saturated: number | null;
}

export const NO_READING: Reading = {
  gradientNorm: null,
  weightNorm: null,
  updateRatio: null,
  dead: null,
  saturated: null,
};

/**
 * Returns the readings by the path of the module, "" for the model, as of the cursor. `tied` are the
 * names of each parameter that has several; a parameter counts once in each module that has it.
 */
export function readingsOf(
  session: RunSession,
  tied: readonly (readonly string[])[],
): ReadonlyMap<string, Reading> {
  const gradients = valuesOf(session, "grad_norm");
  const weights = valuesOf(session, "weight_norm");
  const ratios = valuesOf(session, "update_ratio");
  const updates = new Map<string, number>();
  const updated = new Map<string, number>();
  for (const [name, ratio] of ratios) {
    const weight = weights.get(name);
    if (weight === undefined) continue;
    updates.set(name, ratio * weight);
    updated.set(name, weight);
  }
  const around = new PathsAround(tied);
  const gradientNorms = around.joined(gradients, Math.hypot);
  const weightNorms = around.joined(weights, Math.hypot);
  const updateNorms = around.joined(updates, Math.hypot);
  const updatedNorms = around.joined(updated, Math.hypot);
  const dead = around.joinedModules(valuesOf(session, "act_dead"), Math.max);
  const saturated = around.joinedModules(valuesOf(session, "act_saturated"), Math.max);
  const paths = [gradientNorms, weightNorms, dead, saturated].flatMap((each) => [...each.keys()]);
  return new Map(
    paths.map((path) => [
      path,
      {
        gradientNorm: gradientNorms.get(path) ?? null,
        weightNorm: weightNorms.get(path) ?? null,
        updateRatio: ratioOf(updateNorms.get(path), updatedNorms.get(path)),
        dead: dead.get(path) ?? null,
        saturated: saturated.get(path) ?? null,
      },
    ]),
  );
}

/**
 * Returns the last values by column, without those that were not read. The newest gradient of a
 * frozen parameter is none: what was recorded is of the time before.
 */
function valuesOf(session: RunSession, kind: TableKind): ReadonlyMap<string, number> {
  const { tables, cursor, frozen } = session;
  const isOfTraining = kind === "grad_norm" || kind === "update_ratio";
  const found = new Map<string, number>();
  for (const table of tables) {
    const values = table.kind === kind ? valuesAt(table, cursor) : null;
    table.names.forEach((name, column) => {
      const value = values?.[column] ?? Number.NaN;
      const isPast = isOfTraining && cursor === null && frozen.has(name);
      if (!Number.isNaN(value) && !isPast) found.set(name, value);
    });
  }
  return found;
}

function ratioOf(update: number | undefined, weight: number | undefined): number | null {
  return update === undefined || !weight ? null : update / weight;
}

type Join = (one: number, other: number) => number;

/** Combines the values of parameters, or of modules, into those of all modules around them. */
class PathsAround {
  private readonly others: ReadonlyMap<string, readonly string[]>;

  constructor(tied: readonly (readonly string[])[]) {
    this.others = new Map(tied.flatMap((names) => names.map((name) => [name, names] as const)));
  }

  joined(values: ReadonlyMap<string, number>, join: Join): ReadonlyMap<string, number> {
    const counted = new Set<string>();
    const made = new Map<string, number>();
    for (const [name, value] of values) {
      if (counted.has(name)) continue;
      const names = this.others.get(name) ?? [name];
      for (const each of names) counted.add(each);
      const paths = new Set(names.flatMap((each) => modulesAround(each, false)));
      for (const path of paths) made.set(path, join(made.get(path) ?? 0, value));
    }
    return made;
  }

  joinedModules(values: ReadonlyMap<string, number>, join: Join): ReadonlyMap<string, number> {
    const made = new Map<string, number>();
    for (const [name, value] of values) {
      for (const path of modulesAround(name, true)) {
        made.set(path, join(made.get(path) ?? 0, value));
      }
    }
    return made;
  }
}

/** Returns "", "a" and "a.b" for "a.b.weight", and the name itself if it is included. */
function modulesAround(name: string, isIncluded: boolean): readonly string[] {
  const parts = name.split(".");
  const around = parts.map((_, length) => parts.slice(0, length).join("."));
  return isIncluded && name !== "" ? [...around, name] : around;
}
