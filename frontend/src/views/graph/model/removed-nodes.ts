/** Adds to a graph, as ghosts, what was in the structure before it and is in it no more. */

import type { CollapsedGraph } from "../structure/collapsed-graph";

/** Of more than these a picture would show little else. */
const MAX_REMOVED = 200;

/** The graph with the nodes `gone` of the earlier one, and what linked them. */
export function withRemovedNodes(
  earlier: CollapsedGraph,
  later: CollapsedGraph,
  removed: ReadonlySet<string>,
): CollapsedGraph {
  if (removed.size === 0 || removed.size > MAX_REMOVED) return later;
  const nodes = new Set(later.nodes.map((node) => node.id));
  const calls = new Set(later.modules.map((module) => module.id));
  const known = (id: string) => nodes.has(id) || removed.has(id);
  const edges = earlier.edges.filter(
    ({ source, target }) =>
      (removed.has(source) || removed.has(target)) && known(source) && known(target),
  );
  return {
    ...later,
    nodes: [...later.nodes, ...earlier.nodes.filter((node) => removed.has(node.id))],
    modules: [...later.modules, ...earlier.modules.filter((module) => !calls.has(module.id))],
    edges: [...later.edges, ...edges],
  };
}
