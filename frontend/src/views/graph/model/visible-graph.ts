/**
 * The visible part of a graph, given the open modules.
 *
 * All nodes in a closed module call are one item, unless an enclosing call is closed as well. All
 * edges between the same two items are one edge.
 */

import type { GraphNode, ModuleCall } from "../../../messages/graph";
import type { CollapsedCall, CollapsedGraph } from "../structure/collapsed-graph";
import { ModuleTree, type TensorInfo } from "../structure/module-tree";

/** Maximum number of boxes that are readable, and that can be laid out quickly. */
export const MAX_VISIBLE = 1000;

/** A closed module call with all its nodes. */
export interface FoldedModule {
  readonly kind: "module";
  readonly id: string;
  /** The enclosing open module call; null outside all. */
  readonly container: string | null;
  readonly module: CollapsedCall;
}

/** A node that is drawn as a box. */
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
  /** Number of merged edges of the graph. */
  readonly count: number;
  /** Whether the target uses a parameter of the source, and no tensor flows between them. */
  readonly shared: boolean;
  /** Whether it connects a pass of a repeat to the next. */
  readonly loop: boolean;
}

/** The visible graph; everything is in the order of execution. */
export interface VisibleGraph {
  readonly items: readonly Item[];
  readonly containers: readonly Container[];
  readonly edges: readonly VisibleEdge[];
}

export function visibleGraph(graph: CollapsedGraph, open: ReadonlySet<string>): VisibleGraph {
  const scopes = new ModuleTree(graph);
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

/** Returns the outermost modules, or none if these are too many boxes. */
export function initiallyOpen(graph: CollapsedGraph): Set<string> {
  const open = new Set(new ModuleTree(graph).outermost().map((module) => module.id));
  return countVisible(visibleGraph(graph, open)) > MAX_VISIBLE ? new Set() : open;
}

/** Returns all modules, or the initially open ones if these are too many boxes. */
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
  scopes: ModuleTree,
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
    // Calls of the same module have the same name, so an edge for shared weights is redundant.
    if (shared && scopes.chain(user.scope).some((call) => call.path === source.module.path))
      continue;
    const key = JSON.stringify([source.id, target.id]);
    const known = merged.get(key);
    const first = known && (shared || !known.shared) ? known : edge;
    merged.set(key, {
      source: source.id,
      target: target.id,
      shape: first.shape,
      dims: first.dims,
      dtype: first.dtype,
      count: (known?.count ?? 0) + 1,
      shared: shared && (known?.shared ?? true),
      loop: edge.loop === true && (known?.loop ?? true),
    });
  }
  return [...merged.values()];
}
