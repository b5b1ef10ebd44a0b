/**
 * The visible part of a graph, given the open modules.
 *
 * Every node is folded into its outermost closed module call. All nodes folded into the same box
 * are one item, and all edges between the same two items are one edge.
 */

import type { GraphNode, ModuleCall } from "../../../messages/graph";
import type { CollapsedCall, CollapsedGraph } from "../structure/collapsed-graph";
import { ModuleCalls, type TensorInfo } from "../structure/module-calls";

/** Above this number a graph is neither readable nor quickly laid out. */
export const MAX_VISIBLE = 1000;

/** A closed module call, with all nodes inside it. */
export interface FoldedModule {
  readonly kind: "module";
  readonly id: string;
  /** The open module call around it; null outside all. */
  readonly container: string | null;
  readonly module: CollapsedCall;
}

/** A node with a box of its own. */
export interface VisibleNode {
  readonly kind: GraphNode["kind"];
  readonly id: string;
  readonly container: string | null;
  readonly node: GraphNode;
}

export type Item = FoldedModule | VisibleNode;

/** An open module call: a frame around its content. */
export interface Container {
  readonly id: string;
  readonly container: string | null;
  readonly module: CollapsedCall;
}

export interface VisibleEdge extends TensorInfo {
  readonly source: string;
  readonly target: string;
  /** Number of the graph's edges that it merges. */
  readonly count: number;
  /** Whether no tensor flows between the boxes: the target uses a parameter of the source. */
  readonly shared: boolean;
  /** Whether it leads from one pass of a repeat to the next. */
  readonly loop: boolean;
}

/** All in the order of execution. */
export interface VisibleGraph {
  readonly items: readonly Item[];
  readonly containers: readonly Container[];
  readonly edges: readonly VisibleEdge[];
}

export function visibleGraph(graph: CollapsedGraph, open: ReadonlySet<string>): VisibleGraph {
  const scopes = new ModuleCalls(graph);
  const items = new Map<string, Item>();
  const containers = new Map<string, Container>();
  const itemOf = new Map<string, Item>();
  for (const node of graph.nodes) {
    const chain = scopes.chain(node.scope);
    const closed = chain.findIndex((call) => !open.has(call.id));
    const around = closed < 0 ? chain : chain.slice(0, closed);
    around.forEach((module, depth) => {
      const container = around[depth - 1]?.id ?? null;
      if (!containers.has(module.id))
        containers.set(module.id, { id: module.id, container, module });
    });
    const item = makeItem(node, chain[closed], around.at(-1)?.id ?? null);
    if (!items.has(item.id)) items.set(item.id, item);
    itemOf.set(node.id, item);
  }
  return {
    items: [...items.values()],
    containers: [...containers.values()],
    edges: mergeEdges(graph, scopes, itemOf),
  };
}

export function countVisible(visible: VisibleGraph): number {
  return visible.items.length + visible.containers.length;
}

/** Returns the outermost modules, or none where these are too many boxes to draw. */
export function initiallyOpen(graph: CollapsedGraph): Set<string> {
  const open = new Set(new ModuleCalls(graph).outermost().map((module) => module.id));
  return countVisible(visibleGraph(graph, open)) > MAX_VISIBLE ? new Set() : open;
}

/** Returns all modules, or the initially open ones where these are too many boxes to draw. */
export function initiallyUnfolded(graph: CollapsedGraph): Set<string> {
  const open = allModules(graph);
  return countVisible(visibleGraph(graph, open)) > MAX_VISIBLE ? initiallyOpen(graph) : open;
}

export function allModules(graph: CollapsedGraph): Set<string> {
  return new Set(graph.modules.map((module) => module.id));
}

function makeItem(node: GraphNode, closed: ModuleCall | undefined, container: string | null): Item {
  if (closed) return { kind: "module", id: closed.id, container, module: closed };
  return { kind: node.kind, id: node.id, container, node };
}

function mergeEdges(
  graph: CollapsedGraph,
  scopes: ModuleCalls,
  places: ReadonlyMap<string, Item>,
): readonly VisibleEdge[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const merged = new Map<string, VisibleEdge>();
  for (const edge of graph.edges) {
    const source = places.get(edge.source);
    const target = places.get(edge.target);
    const origin = nodes.get(edge.source);
    const user = nodes.get(edge.target);
    if (!source || !target || !origin || !user || source.id === target.id) continue;
    const shared = origin.kind === "parameter" && source.kind === "module";
    // The name of a later call of the same module shows already that it has the same weights.
    if (shared && scopes.chain(user.scope).some((call) => call.path === source.module.path))
      continue;
    const key = JSON.stringify([source.id, target.id]);
    const known = merged.get(key);
    const first = known && (shared || !known.shared) ? known : edge;
    merged.set(key, {
      source: source.id,
      target: target.id,
      shape: first.shape,
      dtype: first.dtype,
      count: (known?.count ?? 0) + 1,
      shared: shared && (known?.shared ?? true),
      loop: edge.loop === true && (known?.loop ?? true),
    });
  }
  return [...merged.values()];
}
