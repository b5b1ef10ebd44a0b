/** Adds to a graph, as ghosts, what was in the structure before it and is in it no more. */

import type { RolledGraph } from "../structure/collapsed-graph";

/** Of more than these a picture would show little else. */
const MAX_GHOSTS = 200;

/** The graph with the nodes `gone` of the earlier one, and what linked them. */
export function withGhosts(
  earlier: RolledGraph,
  later: RolledGraph,
  gone: ReadonlySet<string>,
): RolledGraph {
  if (gone.size === 0 || gone.size > MAX_GHOSTS) return later;
  const nodes = new Set(later.nodes.map((node) => node.id));
  const calls = new Set(later.modules.map((module) => module.id));
  const known = (id: string) => nodes.has(id) || gone.has(id);
  const edges = earlier.edges.filter(
    ({ source, target }) =>
      (gone.has(source) || gone.has(target)) && known(source) && known(target),
  );
  return {
    ...later,
    nodes: [...later.nodes, ...earlier.nodes.filter((node) => gone.has(node.id))],
    modules: [...later.modules, ...earlier.modules.filter((module) => !calls.has(module.id))],
    edges: [...later.edges, ...edges],
  };
}
