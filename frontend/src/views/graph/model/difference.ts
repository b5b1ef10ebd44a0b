/** The difference between two structures of the graph of a run. */

import type { GraphData, GraphNode } from "../../../messages/graph";
import type { CollapsedGraph, DrawnRepeat } from "../structure/collapsed-graph";
import { varyingText } from "../structure/text";

export interface Difference {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /**
   * Nodes of both structures whose shapes differ, except by sizes that vary with the data: a size
   * is the model's if it is one of a parameter, or if the number of dimensions differs.
   */
  readonly reshaped: ReadonlySet<string>;
  /** Repeats whose number of passes changed: "5 instead of 3 × GRUCell". */
  readonly counts: readonly string[];
}

/** The parts of a graph that are compared. */
export interface ComparedGraph {
  readonly withoutRemoved: CollapsedGraph;
  readonly repeats: readonly DrawnRepeat[];
}

/**
 * Returns the difference; null if the earlier graph was captured before module calls were recorded,
 * because all its ids differ.
 */
export function differenceBetween(earlier: ComparedGraph, later: ComparedGraph): Difference | null {
  const [before, after] = [earlier.withoutRemoved, later.withoutRemoved];
  if (before.modules.length === 0 && after.modules.length > 0) return null;
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const now = new Set(after.nodes.map((node) => node.id));
  const calls = new Set(before.modules.map((module) => module.id));
  const still = new Set(after.modules.map((module) => module.id));
  const added = after.nodes.filter((node) => !old.has(node.id)).map((node) => node.id);
  const entered = after.modules.filter(({ id }) => !calls.has(id)).map(({ id }) => id);
  return {
    added: new Set([...added, ...entered]),
    removed: new Set([...old.keys(), ...calls].filter((id) => !now.has(id) && !still.has(id))),
    reshaped: reshapedNodes(old, after.nodes),
    counts: changedCounts(earlier, later),
  };
}

function reshapedNodes(
  old: ReadonlyMap<string, GraphNode>,
  now: readonly GraphNode[],
): ReadonlySet<string> {
  const changes = new Map(
    now.flatMap((node) => {
      const before = old.get(node.id);
      return before ? [[node.id, sizeChanges(before, node)] as const] : [];
    }),
  );
  const ofParameters = now
    .filter((node) => node.kind === "parameter")
    .flatMap((node) => changes.get(node.id) ?? []);
  const ofModel = new Set([...ofParameters, OTHER_DIMENSIONS]);
  const changed = [...changes].filter(([, sizes]) => sizes.some((size) => ofModel.has(size)));
  return new Set(changed.map(([id]) => id));
}

const OTHER_DIMENSIONS = "other dimensions";

/** Returns each size that differs as "32 to 7". */
function sizeChanges({ shape: before }: GraphNode, { shape: after }: GraphNode): string[] {
  if (before === null || after === null) return [];
  if (before.length !== after.length) return [OTHER_DIMENSIONS];
  return after.flatMap((size, place) =>
    size === before[place] ? [] : [`${before[place]} to ${size}`],
  );
}

function changedCounts(earlier: ComparedGraph, later: ComparedGraph): string[] {
  const passes = new Map(earlier.repeats.map((repeat) => [repeat.key, repeat.passes]));
  return later.repeats
    .map((repeat) => ({ ...repeat, before: passes.get(repeat.key) ?? repeat.passes }))
    .filter((repeat) => repeat.before !== repeat.passes)
    .map((repeat) => `${repeat.passes} instead of ${repeat.before} × ${repeat.label}`);
}

/** Returns the difference from the structure before, and the sizes that vary within this one. */
export function describeChange({ difference, recorded }: DescribedGraph): string {
  const varying = varyingText(recorded);
  return [
    difference ? describeDifference(difference) : "",
    varying ? `Sizes vary: ${varying}.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** The parts of a graph that are described. */
interface DescribedGraph {
  readonly difference: Difference | null;
  readonly recorded: GraphData;
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
