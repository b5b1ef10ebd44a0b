/** The names of the nodes of a walk. */

import type { GraphData, GraphNode } from "../../messages/graph";

export class NodeNames {
  private readonly nodes: ReadonlyMap<string, GraphNode>;

  constructor(graph: GraphData) {
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  }

  of(id: string): string {
    const node = this.nodes.get(id);
    const name = node?.parameters[0] ?? node?.op ?? id;
    return node?.role ? `${name} (${node.role})` : name;
  }

  operationOf(id: string): string {
    return this.nodes.get(id)?.op ?? "";
  }

  /** Returns what the result of a node is, for example "attention weights"; "" if unknown. */
  roleOf(id: string): string {
    return this.nodes.get(id)?.role ?? "";
  }

  /** Returns the module call and the source line of a node, if they are known. */
  locationOf(id: string): string {
    const node = this.nodes.get(id);
    const parts = [];
    if (node?.scope) parts.push(`in ${node.scope.replace(/#1$/, "") || "the model"}`);
    if (node?.source) parts.push(`${node.source.file.split("/").at(-1)}, line ${node.source.line}`);
    return parts.join(" · ");
  }
}
