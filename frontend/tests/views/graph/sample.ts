/** Builds graphs for the tests. */

import type {
  Cost,
  GraphData,
  GraphEdge,
  GraphNode,
  ModuleCall,
} from "../../../src/messages/graph";

export const NO_COST: Cost = {
  forward_flops: 0,
  backward_flops: 0,
  parameters: 0,
  output_bytes: null,
  saved_bytes: null,
  unknown_forward: 0,
  unknown_backward: 0,
};

/** Returns the cost of some operations of the sample. */
function costOf(operations: number): Cost {
  return {
    ...NO_COST,
    forward_flops: 96 * operations,
    backward_flops: 192 * operations,
    output_bytes: 32 * operations,
  };
}

export class Sample {
  private readonly nodes: GraphNode[] = [];
  private readonly edges: GraphEdge[] = [];
  private readonly modules: ModuleCall[] = [];
  private sizes: GraphData["sizes"] = {};

  module(id: string, parent: string | null, parameters = 0, cost = NO_COST): this {
    const [path = "", call = "1"] = id.split("#");
    const type = path === "" ? "Net" : "Block";
    this.modules.push({
      id,
      path,
      call: Number(call),
      type,
      parent,
      parameters,
      source: null,
      seconds: null,
      frozen: 0,
      cost,
    });
    return this;
  }

  op(id: string, ...sources: string[]): this {
    return this.node(id, "op", [4, 2], [], sources);
  }

  parameter(id: string, ...names: string[]): this {
    return this.node(id, "parameter", [2, 3], names, []);
  }

  /** An operation that raised, with the error's text as its note. */
  failed(id: string, note: string, ...sources: string[]): this {
    this.node(id, "failed", [], [], sources);
    const last = this.nodes.pop();
    if (last) this.nodes.push({ ...last, shape: null, note, source: { file: "net.py", line: 7 } });
    return this;
  }

  /** Replaces the shape of the newest node by sizes that vary. */
  varying(dims: readonly string[], sizes: GraphData["sizes"]): this {
    const last = this.nodes.pop();
    if (last) this.nodes.push({ ...last, dims });
    this.sizes = sizes;
    return this;
  }

  /** Sets what the result of the newest node is. */
  role(role: string): this {
    const last = this.nodes.pop();
    if (last) this.nodes.push({ ...last, role });
    return this;
  }

  output(id: string, ...sources: string[]): this {
    return this.node(id, "output", [], [], sources);
  }

  graph(signature = "one"): GraphData {
    const { nodes, edges, modules } = this;
    const varying = { sizes: this.sizes, more_sizes: false };
    return { version: 5, signature, step: 0, nodes, edges, modules, reason: null, ...varying };
  }

  private node(
    id: string,
    kind: GraphNode["kind"],
    shape: readonly number[],
    parameters: readonly string[],
    sources: readonly string[],
  ): this {
    const [scope = "", name = ""] = id.split("/");
    const op = kind === "parameter" ? "parameter" : (name.split(":")[0] ?? "");
    const tensor = { shape, dtype: "float32" };
    const rest = {
      device: "cpu",
      saved_bytes: null,
      parameters,
      source: null,
      note: null,
      backward: kind === "op" ? `${op}Backward0` : null,
      role: null,
      dims: null,
      cost: kind === "op" ? costOf(1) : NO_COST,
    };
    this.nodes.push({ id, kind, op, scope, ...tensor, ...rest });
    for (const source of sources) {
      const from = this.nodes.find((node) => node.id === source);
      this.edges.push({
        source,
        target: id,
        shape: from?.shape ?? null,
        dtype: "float32",
        output: 0,
        dims: from?.dims ?? null,
      });
    }
    return this;
  }
}

/** Two linear layers in a model, then a loss outside it. */
export function perceptron(): Sample {
  return new Sample()
    .module("#1", null, 12, costOf(4))
    .module("fc1#1", "#1", 6, costOf(2))
    .module("fc2#1", "#1", 6, costOf(1))
    .parameter("fc1#1/weight:0", "fc1.weight")
    .op("fc1#1/t:0", "fc1#1/weight:0")
    .op("fc1#1/addmm:0", "fc1#1/t:0")
    .op("#1/relu:0", "fc1#1/addmm:0")
    .parameter("fc2#1/weight:0", "fc2.weight")
    .op("fc2#1/addmm:0", "#1/relu:0", "fc2#1/weight:0")
    .op("/mse:0", "fc2#1/addmm:0")
    .output("/loss:0", "/mse:0");
}
