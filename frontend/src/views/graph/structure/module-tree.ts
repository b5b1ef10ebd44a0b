/** The tree of module calls, and their outputs. */

import type { GraphNode } from "../../../messages/graph";
import type { CollapsedCall, CollapsedGraph } from "./collapsed-graph";

export interface TensorInfo {
  readonly shape: readonly number[] | null;
  readonly dims: readonly string[] | null;
  readonly dtype: string | null;
}

/** Whether a node is an operation, which may have failed. */
export function isOperation(node: GraphNode): boolean {
  return node.kind === "op" || node.kind === "failed";
}

export class ModuleTree {
  private readonly calls: ReadonlyMap<string, CollapsedCall>;
  private readonly chains = new Map<string, readonly CollapsedCall[]>();

  constructor(readonly graph: CollapsedGraph) {
    this.calls = new Map(graph.modules.map((module) => [module.id, module]));
  }

  call(id: string): CollapsedCall | undefined {
    return this.calls.get(id);
  }

  /** Returns the calls of a scope from the outermost to the innermost. */
  chain(scope: string): readonly CollapsedCall[] {
    const known = this.chains.get(scope);
    if (known) return known;
    const chain: CollapsedCall[] = [];
    const seen = new Set<string>();
    let call = this.calls.get(scope);
    while (call && !seen.has(call.id)) {
      seen.add(call.id);
      chain.unshift(call);
      call = call.parent === null ? undefined : this.calls.get(call.parent);
    }
    this.chains.set(scope, chain);
    return chain;
  }

  /** Returns the outermost calls. */
  outermost(): readonly CollapsedCall[] {
    return this.graph.modules.filter((module) => this.chain(module.id).length === 1);
  }

  /**
   * Returns the output of each call: the first tensor that leaves it, or that of its last
   * operation.
   */
  outputs(): ReadonlyMap<string, TensorInfo> {
    const outputs = new Map<string, TensorInfo>();
    const nodes = new Map(this.graph.nodes.map((node) => [node.id, node]));
    for (const edge of this.graph.edges) {
      const source = nodes.get(edge.source);
      const target = nodes.get(edge.target);
      if (!source || !target || source.kind === "parameter") continue;
      const around = new Set(this.chain(target.scope).map((call) => call.id));
      for (const call of this.chain(source.scope)) {
        if (!around.has(call.id) && !outputs.has(call.id)) {
          const { shape, dims } = edge.shape ? edge : source;
          outputs.set(call.id, { shape, dims, dtype: edge.dtype });
        }
      }
    }
    for (const node of [...this.graph.nodes].reverse()) {
      if (node.kind === "op") this.fillIn(outputs, node);
    }
    // A call in which the forward pass failed has no output.
    const failed = this.graph.nodes.filter((node) => node.kind === "failed" && !node.backward);
    for (const call of failed.flatMap((node) => this.chain(node.scope))) outputs.delete(call.id);
    return outputs;
  }

  /** Returns the number of operations in each call, including its children. */
  operationCounts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const node of this.graph.nodes) {
      if (!isOperation(node)) continue;
      for (const call of this.chain(node.scope)) {
        counts.set(call.id, (counts.get(call.id) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** Returns the ids of the calls that contain a failed operation. */
  failedCalls(): ReadonlySet<string> {
    const failed = this.graph.nodes.filter((node) => node.kind === "failed");
    return new Set(failed.flatMap((node) => this.chain(node.scope).map((call) => call.id)));
  }

  private fillIn(outputs: Map<string, TensorInfo>, node: GraphNode): void {
    for (const call of this.chain(node.scope)) {
      if (!outputs.has(call.id)) outputs.set(call.id, node);
    }
  }
}
