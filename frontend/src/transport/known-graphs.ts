/** The graphs that this page has received, so that an earlier structure needs no request. */

import type { GraphData } from "../messages/graph";

const MAX_GRAPHS = 32;
/** Maximum number of nodes of all graphs together, unless the newest one alone has more. */
const MAX_NODES = 40_000;

export class KnownGraphs {
  /** By signature; the one used longest ago first. */
  private readonly graphs = new Map<string, GraphData>();

  /** Stores a graph in place of an earlier one with its signature. */
  add(graph: GraphData): void {
    this.graphs.delete(graph.signature);
    this.graphs.set(graph.signature, graph);
    let nodes = 0;
    for (const each of this.graphs.values()) nodes += each.nodes.length;
    for (const [signature, oldest] of this.graphs) {
      const fits = this.graphs.size <= MAX_GRAPHS && nodes <= MAX_NODES;
      if (fits || this.graphs.size === 1) break;
      this.graphs.delete(signature);
      nodes -= oldest.nodes.length;
    }
  }

  get(signature: string): GraphData | null {
    const graph = this.graphs.get(signature);
    if (!graph) return null;
    this.add(graph);
    return graph;
  }
}
