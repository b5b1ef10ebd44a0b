/** What stands in each box, and what is told about it on hovering. */

import type { GraphNode } from "../../../protocol";
import type { RolledCall, RolledGraph } from "../structure/collapsed-graph";
import { Scopes, type Tensor } from "../structure/module-calls";
import {
  bytesText,
  countText,
  moduleName,
  plural,
  shapeText,
  shortCount,
  sourceText,
} from "../structure/text";
import type { Item } from "./visible-graph";

/** The words of one box or frame. */
export interface Label {
  readonly title: string;
  readonly subtitle: string;
  readonly badge: string;
}

/** A named fact for the tooltip. */
export type Fact = readonly [name: string, value: string];

/** Which side of each box is shown: what computes, what passes the gradient on, or both. */
export type Face = "forward" | "backward" | "both";

const KINDS: Readonly<Partial<Record<GraphNode["kind"], string>>> = {
  input: "leaf that is no parameter",
  output: "what the graph ends in",
  cut: "where a gradient stops",
};

export class Labels {
  private readonly outputs: ReadonlyMap<string, Tensor>;
  private readonly operations: ReadonlyMap<string, number>;
  private readonly scopes: Scopes;

  /** What is rolled up in `graph` is counted as in the whole graph. */
  constructor(
    private readonly graph: RolledGraph,
    whole: RolledGraph = graph,
    private readonly face: Face = "forward",
  ) {
    this.scopes = new Scopes(graph);
    this.outputs = this.scopes.outputs();
    this.operations = new Scopes(whole).operations();
  }

  ofItem(item: Item): Label {
    return item.kind === "module" ? this.ofModule(item.module) : ofNode(item.node, this.face);
  }

  ofModule(module: RolledCall): Label {
    const { roll } = module;
    const type = module.made ? (roll?.words ?? "") : module.path === "" ? "" : module.type;
    const shape = shapeText(this.outputs.get(module.id)?.shape ?? null);
    const parameters = module.parameters > 0 ? `${shortCount(module.parameters)} params` : "";
    return {
      title: module.made ? module.type : moduleName(module),
      subtitle: [type, shape].filter(Boolean).join(" · "),
      badge: [roll ? `×${roll.passes}` : "", parameters].filter(Boolean).join(" · "),
    };
  }

  factsOfItem(item: Item): readonly Fact[] {
    return item.kind === "module" ? this.factsOfModule(item.module) : this.factsOfNode(item.node);
  }

  factsOfModule(module: RolledCall): readonly Fact[] {
    const output = this.outputs.get(module.id);
    const { roll } = module;
    return present([
      ["Module", module.made ? "" : module.path || "the model itself"],
      ["Type", module.made ? (roll?.words ?? "") : module.type],
      ["Repeated", roll ? `${roll.passes} times; this is number ${(roll.pass ?? 0) + 1}` : ""],
      ["Call", module.call > 1 ? String(module.call) : ""],
      ["Output", shapeText(output?.shape ?? null)],
      ["Dtype", output?.dtype ?? ""],
      ["Parameters", module.made ? "" : countText(module.parameters)],
      ["Operations", module.made ? "" : countText(this.operations.get(module.id) ?? 0)],
      ["Called at", sourceText(module.source)],
    ]);
  }

  /** "Computation graph of Net: 3 modules, 15 operations" */
  summary(): string {
    const [model] = this.scopes.outermost();
    const paths = new Set(this.graph.modules.map((module) => module.path));
    paths.delete("");
    const operations = this.graph.nodes.filter((node) => node.kind === "op").length;
    const name = model ? ` of ${model.type}` : "";
    return `Computation graph${name}: ${plural(paths.size, "module")}, ${plural(operations, "operation")}`;
  }

  private factsOfNode(node: GraphNode): readonly Fact[] {
    const { source } = node;
    const place = this.scopes.call(node.scope);
    return present([
      [node.kind === "parameter" ? "Parameter" : "", node.parameters.join(", ")],
      ["Operation", node.kind === "op" ? node.op : ""],
      ["Backward", node.backward ?? ""],
      ["Kind", KINDS[node.kind] ?? ""],
      ["In module", place ? place.path || place.type : "outside all modules"],
      ["Shape", shapeText(node.shape)],
      ["Dtype", node.dtype ?? ""],
      ["Parameters", node.kind === "parameter" ? countText(size(node)) : ""],
      ["Device", node.device ?? ""],
      ["Kept for backward", node.saved_bytes === null ? "" : bytesText(node.saved_bytes)],
      ["Source", sourceText(source)],
      ["Note", node.note ?? ""],
    ]);
  }
}

function ofNode(node: GraphNode, face: Face): Label {
  const name = node.parameters[0]?.split(".").at(-1) ?? node.op;
  const shape = shapeText(node.shape);
  // A leaf keeps its name: what collects its gradient is called AccumulateGrad everywhere.
  if (node.backward === null || node.kind !== "op" || face === "forward")
    return { title: name, subtitle: shape, badge: "" };
  if (face === "backward") return { title: node.backward, subtitle: shape, badge: "" };
  return { title: name, subtitle: [shape, node.backward].filter(Boolean).join(" · "), badge: "" };
}

function size(node: GraphNode): number {
  return (node.shape ?? []).reduce((product, length) => product * length, 1);
}

function present(facts: readonly Fact[]): readonly Fact[] {
  return facts.filter(([name, value]) => name !== "" && value !== "");
}
