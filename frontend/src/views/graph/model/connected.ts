/** The ancestors and the descendants of a box. */

import type { VisibleEdge } from "./visible-graph";

/** Returns the id of a box, and those of all its ancestors and descendants. */
export function connectedTo(edges: readonly VisibleEdge[], id: string): ReadonlySet<string> {
  return new Set([
    ...reachableFrom(edges, id, (edge) => [edge.source, edge.target]),
    ...reachableFrom(edges, id, (edge) => [edge.target, edge.source]),
  ]);
}

function reachableFrom(
  edges: readonly VisibleEdge[],
  start: string,
  direct: (edge: VisibleEdge) => readonly [from: string, to: string],
): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const [from, to] = direct(edge);
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const seen = new Set([start]);
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
  return seen;
}
