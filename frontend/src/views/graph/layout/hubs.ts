/**
 * Excludes most edges of hubs from the layout. A box with dozens of outgoing edges (a mask, a
 * weight that every pass uses) makes Graphviz ten times slower and distorts the layout.
 *
 * Only the first edge of a hub is laid out; the others are added as straight lines.
 */

import type { VisibleEdge, VisibleGraph } from "../model/visible-graph";
import type { RankDirection } from "./dot";
import type { Placement, Point, Rect, Route } from "./placement";

/** Number of outgoing edges above which a box is a hub. */
const MAX_OUTGOING = 8;

/** Returns the graph without the excluded edges, and the excluded edges. */
export function withoutHubEdges(visible: VisibleGraph): {
  readonly reduced: VisibleGraph;
  readonly hubEdges: readonly VisibleEdge[];
} {
  const counts = new Map<string, number>();
  for (const { source } of visible.edges) counts.set(source, (counts.get(source) ?? 0) + 1);
  const laidOut = new Set<string>();
  const hubEdges: VisibleEdge[] = [];
  const edges = visible.edges.filter((edge) => {
    const first = !laidOut.has(edge.source);
    laidOut.add(edge.source);
    if (first || (counts.get(edge.source) ?? 0) <= MAX_OUTGOING) return true;
    hubEdges.push(edge);
    return false;
  });
  return { reduced: { ...visible, edges }, hubEdges };
}

/** Adds routes for the excluded edges. */
export function withHubEdges(
  placement: Placement,
  hubEdges: readonly VisibleEdge[],
  direction: RankDirection,
): Placement {
  const routes = hubEdges.flatMap((edge) => {
    const [from, to] = [placement.boxes.get(edge.source), placement.boxes.get(edge.target)];
    return from && to ? [straight(edge, from, to, direction)] : [];
  });
  return { ...placement, routes: [...placement.routes, ...routes] };
}

function straight(edge: VisibleEdge, from: Rect, to: Rect, direction: RankDirection): Route {
  const across = direction === "LR";
  const start: Point = across
    ? { x: from.x + from.width, y: from.y + from.height / 2 }
    : { x: from.x + from.width / 2, y: from.y + from.height };
  const tip: Point = across
    ? { x: to.x, y: to.y + to.height / 2 }
    : { x: to.x + to.width / 2, y: to.y };
  const bend = (point: Point, sign: number): Point => ({
    x: point.x + (across ? sign * Math.min(60, Math.abs(tip.x - start.x) / 2) : 0),
    y: point.y + (across ? 0 : sign * Math.min(60, Math.abs(tip.y - start.y) / 2)),
  });
  const before = { x: tip.x - (across ? 6 : 0), y: tip.y - (across ? 0 : 6) };
  const { source, target } = edge;
  return { source, target, points: [start, bend(start, 1), bend(before, -1), before], tip };
}
