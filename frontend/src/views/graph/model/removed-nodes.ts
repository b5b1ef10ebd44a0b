/** Adds the nodes of the previous structure that are not in the new one. */

import type { CollapsedGraph } from "../structure/collapsed-graph";

/** Number above which none is shown. */
const MAX_REMOVED = 200;

/** Returns `later` with the nodes `removed` of `earlier` and their edges. */
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
    // The names of varying sizes are those of the earlier graph.
    nodes: [
      ...later.nodes,
      ...earlier.nodes
        .filter((node) => removed.has(node.id))
        .map((node) => ({ ...node, dims: null })),
    ],
    modules: [...later.modules, ...earlier.modules.filter((module) => !calls.has(module.id))],
    edges: [...later.edges, ...edges],
  };
}
