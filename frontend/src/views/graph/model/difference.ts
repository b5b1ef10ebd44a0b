/** What is different between two structures of one run's graph. */

import type { Roll, RolledGraph } from "../structure/collapsed-graph";

export interface Difference {
  readonly added: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
  /** Nodes that are in both, with another shape. */
  readonly reshaped: ReadonlySet<string>;
  /** What repeats itself more or less often: "5 instead of 3 × GRUCell". */
  readonly counts: readonly string[];
}

/** What is compared of a graph. */
export interface Compared {
  readonly plain: RolledGraph;
  readonly rolls: readonly Roll[];
}

export function difference(earlier: Compared, later: Compared): Difference {
  const [before, after] = [earlier.plain, later.plain];
  const old = new Map(before.nodes.map((node) => [node.id, String(node.shape)]));
  const now = new Map(after.nodes.map((node) => [node.id, String(node.shape)]));
  const calls = new Set(before.modules.map((module) => module.id));
  const still = new Set(after.modules.map((module) => module.id));
  const added = after.nodes.filter((node) => !old.has(node.id)).map((node) => node.id);
  const entered = after.modules.filter(({ id }) => !calls.has(id)).map(({ id }) => id);
  return {
    added: new Set([...added, ...entered]),
    gone: new Set([...old.keys(), ...calls].filter((id) => !now.has(id) && !still.has(id))),
    reshaped: new Set(
      [...now].filter(([id, shape]) => (old.get(id) ?? shape) !== shape).map(([id]) => id),
    ),
    counts: changedCounts(earlier, later),
  };
}

function changedCounts(earlier: Compared, later: Compared): string[] {
  const passes = new Map(earlier.rolls.map((roll) => [roll.key, roll.passes]));
  return later.rolls
    .map((roll) => ({ ...roll, before: passes.get(roll.key) ?? roll.passes }))
    .filter((roll) => roll.before !== roll.passes)
    .map((roll) => `${roll.passes} instead of ${roll.before} × ${roll.words}`);
}

export function words({ added, gone, reshaped, counts }: Difference): string {
  const parts = [
    [added.size, "new"],
    [gone.size, "gone"],
    [reshaped.size, "of another shape"],
  ] as const;
  const numbers = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const said = [...counts, ...numbers];
  return said.length === 0 ? "" : `Against the structure before: ${said.join(", ")}.`;
}
