/** The quantities for colouring, and how to read them. */

import type { Cost, GraphNode } from "../../../messages/graph";
import type { TableKind } from "../../../messages/tables";
import type { RunSession } from "../../../session";
import { OUTPUT_SIZE, SAVED_SIZE } from "../model/cost-text";
import type { ShownGraph } from "../model/shown-graph";
import type { CollapsedCall } from "../structure/collapsed-graph";
import { ModuleTree } from "../structure/module-tree";
import { bytesText, countText, normText, powerOfTen, siText } from "../structure/text";
import { readNorms } from "./norms";
import type { QuantityValues } from "./quantity-values";

export interface Quantity {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  /** Whether the values depend only on the graph, not on the step. */
  readonly fixed: boolean;
  /** Whether the label of a box has the value. */
  readonly isAlwaysInFacts?: boolean;
  format(value: number): string;
  /** Returns the text of an end of the colour scale. */
  formatPower(exponent: number): string;
  read(shown: ShownGraph, session: RunSession): QuantityValues;
}

const UNCOLOURED = "no colour where none are counted, or the number is unknown";

export const QUANTITIES: readonly Quantity[] = [
  recorded(
    "grad_norm",
    "Gradient norm",
    "2-norm of the loss's gradient, of a parameter or of all parameters in a module",
  ),
  recorded("weight_norm", "Weight norm", "2-norm of a parameter, or of all in a module"),
  recorded(
    "update_ratio",
    "Update ratio",
    "how far a step moved a parameter, against the parameter's own norm; the largest in a module",
  ),
  ofCost(
    "forward_flops",
    "Forward FLOP",
    `floating point operations of the forward pass; ${UNCOLOURED}`,
    "FLOP",
  ),
  ofCost(
    "backward_flops",
    "Backward FLOP",
    `floating point operations of the backward pass; ${UNCOLOURED}`,
    "FLOP",
  ),
  ofCost("parameters", "Parameters", "number of scalar parameters", ""),
  ofCost(
    "saved_bytes",
    SAVED_SIZE,
    "bytes of the tensors that autograd keeps for the backward pass",
    "B",
  ),
  ofCost(
    "output_bytes",
    OUTPUT_SIZE,
    "bytes of what an operation returns, or all operations in a module",
    "B",
  ),
  {
    id: "seconds",
    name: "Forward time",
    explanation: "time of a module's call on the host, at the step at which the graph was seen",
    fixed: true,
    format: (value) => siText(value, "s"),
    formatPower: (exponent) => siText(10 ** exponent, "s"),
    read: ({ graph }) => ({
      step: graph.step,
      ofNode: () => null,
      ofCall: (call) => call.seconds,
      all: () => graph.modules.flatMap(({ seconds }) => (seconds === null ? [] : [seconds])),
    }),
  },
];

function recorded(kind: TableKind, name: string, explanation: string): Quantity {
  return {
    id: kind,
    name,
    explanation,
    fixed: false,
    format: normText,
    formatPower: powerOfTen,
    read: (shown, { tables, cursor, frozen }) => {
      const norms = readNorms(tables, kind, cursor, shown.tied, frozen);
      return {
        step: norms.step,
        ofNode: (node) => firstOf(node, norms.parameters),
        ofCall: (call) => norms.modules.get(call.path) ?? null,
        all: () => [...norms.parameters.values(), ...norms.modules.values()],
      };
    },
  };
}

function firstOf(node: GraphNode, values: ReadonlyMap<string, number>): number | null {
  for (const name of node.kind === "parameter" ? node.parameters : []) {
    const value = values.get(name);
    if (value !== undefined) return value;
  }
  return null;
}

/** A cost, which the facts about a box contain in any case. */
function ofCost(
  id: keyof Cost,
  name: string,
  explanation: string,
  unit: "FLOP" | "B" | "",
): Quantity {
  const format = (value: number) =>
    unit === "B" ? bytesText(value) : unit ? siText(value, unit) : countText(value);
  return {
    id,
    name,
    explanation,
    fixed: true,
    isAlwaysInFacts: true,
    format,
    formatPower: (exponent) => siText(10 ** exponent, unit),
    read: ({ graph }) => costs(graph, (cost) => cost[id]),
  };
}

/** Returns the non-zero costs of nodes and calls; those of a synthetic call are summed. */
function costs(graph: ShownGraph["graph"], of: (cost: Cost) => number | null): QuantityValues {
  const scopes = new ModuleTree(graph);
  const synthetic = new Map<string, number>();
  for (const node of graph.nodes) {
    for (const call of scopes.chain(node.scope)) {
      if (call.synthetic)
        synthetic.set(call.id, (synthetic.get(call.id) ?? 0) + (of(node.cost) ?? 0));
    }
  }
  const ofCall = (call: CollapsedCall) =>
    (call.synthetic ? synthetic.get(call.id) : of(call.cost)) || null;
  const ofNode = (node: GraphNode) => of(node.cost) || null;
  return {
    step: null,
    ofNode,
    ofCall,
    all: () => [...graph.nodes.map(ofNode), ...graph.modules.map(ofCall)].filter((v) => v !== null),
  };
}
