/** The difference between two structures of the graph of a run. */

import type { CollapsedGraph, DrawnRepeat } from "../structure/collapsed-graph";

export interface Difference {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /** Nodes of both structures whose shapes differ. */
  readonly reshaped: ReadonlySet<string>;
  /** Repeats whose number of passes changed: "5 instead of 3 × GRUCell". */
  readonly counts: readonly string[];
}

/** The parts of a graph that are compared. */
export interface ComparedGraph {
  readonly withoutRemoved: CollapsedGraph;
  readonly repeats: readonly DrawnRepeat[];
}

export function differenceBetween(earlier: ComparedGraph, later: ComparedGraph): Difference {
  const [before, after] = [earlier.withoutRemoved, later.withoutRemoved];
  const old = new Map(before.nodes.map((node) => [node.id, String(node.shape)]));
  const now = new Map(after.nodes.map((node) => [node.id, String(node.shape)]));
  const calls = new Set(before.modules.map((module) => module.id));
  const still = new Set(after.modules.map((module) => module.id));
  const added = after.nodes.filter((node) => !old.has(node.id)).map((node) => node.id);
  const entered = after.modules.filter(({ id }) => !calls.has(id)).map(({ id }) => id);
  return {
    added: new Set([...added, ...entered]),
    removed: new Set([...old.keys(), ...calls].filter((id) => !now.has(id) && !still.has(id))),
    reshaped: new Set(
      [...now].filter(([id, shape]) => (old.get(id) ?? shape) !== shape).map(([id]) => id),
    ),
    counts: changedCounts(earlier, later),
  };
}

function changedCounts(earlier: ComparedGraph, later: ComparedGraph): string[] {
  const passes = new Map(earlier.repeats.map((repeat) => [repeat.key, repeat.passes]));
  return later.repeats
    .map((repeat) => ({ ...repeat, before: passes.get(repeat.key) ?? repeat.passes }))
    .filter((repeat) => repeat.before !== repeat.passes)
    .map((repeat) => `${repeat.passes} instead of ${repeat.before} × ${repeat.label}`);
}

export function describeDifference({ added, removed, reshaped, counts }: Difference): string {
  const parts = [
    [added.size, "new"],
    [removed.size, "gone"],
    [reshaped.size, "of another shape"],
  ] as const;
  const numbers = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const phrases = [...counts, ...numbers];
  return phrases.length === 0 ? "" : `Against the structure before: ${phrases.join(", ")}.`;
}
