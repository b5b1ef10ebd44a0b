/** The texts of boxes, and the facts about them. */

import type { GraphNode } from "../../../messages/graph";
import type { CollapsedCall, CollapsedGraph } from "../structure/collapsed-graph";
import { isOperation, ModuleTree, type TensorInfo } from "../structure/module-tree";
import {
  countText,
  isNumbered,
  moduleName,
  plural,
  type Sized,
  shortCount,
  sizesText,
  sourceText,
  varyingText,
} from "../structure/text";
import { costsOfCall, costsOfNode } from "./cost-text";
import type { Fact } from "./fact";
import type { Item } from "./visible-graph";

/** The text of a box or frame. */
export interface Label {
  readonly title: string;
  readonly subtitle: string;
  readonly badge: string;
}

/**
 * Whether boxes are named after the forward operation, the backward node of autograd, or both, and
 * whether arrows have the direction of the data, of the gradients, or both.
 */
export type FlowDirection = "forward" | "backward" | "both";

const KINDS: Readonly<Partial<Record<GraphNode["kind"], string>>> = {
  input: "leaf that is no parameter",
  output: "what the graph ends in",
  cut: "where a gradient stops",
  failed: "failed",
};

/** The sign before the names of failed operations. */
export const FAILED_MARK = "✗";

export class Labels {
  private readonly outputs: ReadonlyMap<string, TensorInfo>;
  private readonly failed: ReadonlySet<string>;
  private readonly operations: ReadonlyMap<string, number>;
  private readonly scopes: ModuleTree;

  /** Collapsed repeats of `graph` are counted as in the recorded graph. */
  constructor(
    private readonly graph: CollapsedGraph,
    recorded: CollapsedGraph = graph,
    private readonly flow: FlowDirection = "forward",
  ) {
    this.scopes = new ModuleTree(graph);
    this.outputs = this.scopes.outputs();
    this.failed = this.scopes.failedCalls();
    this.operations = new ModuleTree(recorded).operationCounts();
  }

  ofItem(item: Item): Label {
    return item.kind === "module" ? this.ofModule(item.module) : labelOfNode(item.node, this.flow);
  }

  ofModule(module: CollapsedCall): Label {
    const { repeat } = module;
    const type = module.synthetic
      ? `pass ${(repeat?.pass ?? 0) + 1}`
      : isTypeInName(module)
        ? ""
        : module.type;
    const output = this.outputs.get(module.id);
    const shape = output ? sizesText(output) : "";
    const failed = this.failed.has(module.id) ? `${FAILED_MARK} failed` : "";
    const parameters = module.parameters > 0 ? `${shortCount(module.parameters)} params` : "";
    const frozen = frozenText(module, shortCount);
    return {
      title: nameOfCall(module),
      subtitle: [type, shape].filter(Boolean).join(" · "),
      badge: [failed, repeat ? `×${repeat.passes}` : "", parameters, frozen]
        .filter(Boolean)
        .join(" · "),
    };
  }

  factsOfItem(item: Item): readonly Fact[] {
    return item.kind === "module" ? this.factsOfModule(item.module) : this.factsOfNode(item.node);
  }

  factsOfModule(module: CollapsedCall): readonly Fact[] {
    const output = this.outputs.get(module.id);
    const { repeat } = module;
    return withoutEmpty([
      ["Module", module.synthetic ? "" : module.path || "the model itself"],
      ["Type", module.synthetic ? (repeat?.label ?? "") : module.type],
      [
        "Repeated",
        repeat ? `${repeat.passes} times; this is number ${(repeat.pass ?? 0) + 1}` : "",
      ],
      ["Call", module.call > 1 ? String(module.call) : ""],
      ["Output", output ? sizesText(output) : ""],
      ["Sizes vary", output ? this.sizesFact(output) : ""],
      ["Dtype", output?.dtype ?? ""],
      ["Parameters", module.synthetic ? "" : countText(module.parameters)],
      ["Frozen", frozenFact(module)],
      ["Operations", module.synthetic ? "" : countText(this.operations.get(module.id) ?? 0)],
      ...costsOfCall(module),
      ["Called at", sourceText(module.source)],
    ]);
  }

  /** Returns "Computation graph of Net: 3 modules, 15 operations". */
  summary(): string {
    const [model] = this.scopes.outermost();
    const paths = new Set(this.graph.modules.map((module) => module.path));
    paths.delete("");
    const operations = this.graph.nodes.filter(isOperation).length;
    const name = model ? ` of ${model.type}` : "";
    return `Computation graph${name}: ${plural(paths.size, "module")}, ${plural(operations, "operation")}`;
  }

  private sizesFact({ dims }: Sized): string {
    return dims ? `${varyingText(this.graph, dims)}; costs are those of the first` : "";
  }

  private factsOfNode(node: GraphNode): readonly Fact[] {
    const { source } = node;
    const place = this.scopes.call(node.scope);
    return withoutEmpty([
      [node.kind === "parameter" ? "Parameter" : "", node.parameters.join(", ")],
      ["Operation", isOperation(node) ? node.op : ""],
      ["Result", node.role ?? ""],
      ["Backward", node.backward ?? ""],
      ["Kind", KINDS[node.kind] ?? ""],
      ["In module", place ? place.path || place.type : "outside all modules"],
      ["Shape", sizesText(node)],
      ["Sizes vary", this.sizesFact(node)],
      ["Dtype", node.dtype ?? ""],
      ["Parameters", node.kind === "parameter" ? countText(size(node)) : ""],
      ["Device", node.device ?? ""],
      ...costsOfNode(node),
      ["Source", sourceText(source)],
      ["Note", node.note ?? ""],
    ]);
  }
}

function labelOfNode(node: GraphNode, flow: FlowDirection): Label {
  const name = node.parameters[0]?.split(".").at(-1) ?? node.op;
  const about = [node.role ?? "", sizesText(node)].filter(Boolean).join(" · ");
  if (node.kind === "failed")
    return { title: `${FAILED_MARK} ${name}`, subtitle: "failed", badge: "" };
  // The backward node of a leaf is always AccumulateGrad, so its name is not used.
  if (node.backward === null || node.kind !== "op" || flow === "forward")
    return { title: name, subtitle: about, badge: "" };
  if (flow === "backward") return { title: node.backward, subtitle: about, badge: "" };
  return { title: name, subtitle: [about, node.backward].filter(Boolean).join(" · "), badge: "" };
}

/** Returns the name of a box: that of a repeated module for all of its calls. */
export function nameOfCall(module: CollapsedCall): string {
  if (module.synthetic) return module.type;
  return moduleName(module.repeat ? { ...module, call: 1 } : module);
}

/** Returns "frozen" for a module without trainable parameters, "12 frozen" for a part of them. */
function frozenText({ parameters, frozen }: CollapsedCall, text: (count: number) => string) {
  if (frozen === 0) return "";
  return frozen === parameters ? "frozen" : `${text(frozen)} frozen`;
}

function frozenFact({ parameters, frozen }: CollapsedCall): string {
  if (frozen === 0) return "";
  const which = frozen === parameters ? "all parameters" : `${countText(frozen)} parameters`;
  return `${which}: no gradient is computed for them`;
}

/** Whether the name of a module's box contains its class. */
function isTypeInName(module: CollapsedCall): boolean {
  return module.path === "" || isNumbered(module);
}

function size(node: GraphNode): number {
  return (node.shape ?? []).reduce((product, length) => product * length, 1);
}

function withoutEmpty(facts: readonly Fact[]): readonly Fact[] {
  return facts.filter(([name, value]) => name !== "" && value !== "");
}
