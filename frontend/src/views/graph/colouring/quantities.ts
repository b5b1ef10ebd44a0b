/** The quantities for colouring, and how to read them. */

import type { GraphNode } from "../../../messages/graph";
import type { TableKind } from "../../../messages/tables";
import type { RunSession } from "../../../session";
import type { ShownGraph } from "../model/shown-graph";
import { ModuleTree } from "../structure/module-tree";
import { bytesText, normText, powerOfTen, siText } from "../structure/text";
import { readNorms } from "./norms";
import type { QuantityValues } from "./quantity-values";

export interface Quantity {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  /** Whether the values depend only on the graph, not on the step. */
  readonly fixed: boolean;
  format(value: number): string;
  /** Returns the text of an end of the colour scale. */
  formatPower(exponent: number): string;
  read(shown: ShownGraph, session: RunSession): QuantityValues;
}

const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  complex128: 16,
  complex64: 8,
};

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
  {
    id: "saved",
    name: "Kept for backward",
    explanation: "bytes of the tensors that autograd keeps for the backward pass",
    fixed: true,
    format: bytesText,
    formatPower: (exponent) => siText(10 ** exponent, "B"),
    read: ({ graph }) => summed(graph, (node) => node.saved_bytes),
  },
  {
    id: "output",
    name: "Activation size",
    explanation: "bytes of what an operation returns, or all operations in a module",
    fixed: true,
    format: bytesText,
    formatPower: (exponent) => siText(10 ** exponent, "B"),
    read: ({ graph }) => summed(graph, sizeOf),
  },
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
    read: (shown, { tables, cursor }) => {
      const norms = readNorms(tables, kind, cursor, shown.tied);
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

/** Returns the non-zero values of operations, and their sums over module calls. */
function summed(
  graph: ShownGraph["graph"],
  of: (node: GraphNode) => number | null,
): QuantityValues {
  const scopes = new ModuleTree(graph);
  const calls = new Map<string, number>();
  const nodes = new Map<string, number>();
  for (const node of graph.nodes) {
    const value = node.kind === "op" ? of(node) : null;
    if (!value) continue;
    nodes.set(node.id, value);
    for (const { id } of scopes.chain(node.scope)) calls.set(id, (calls.get(id) ?? 0) + value);
  }
  return {
    step: graph.step,
    ofNode: (node) => nodes.get(node.id) ?? null,
    ofCall: (call) => calls.get(call.id) ?? null,
    all: () => [...nodes.values(), ...calls.values()],
  };
}

function sizeOf(node: GraphNode): number | null {
  if (node.shape === null) return null;
  const bytes = BYTES_PER_ELEMENT[node.dtype ?? ""] ?? 1;
  return node.shape.reduce((product, length) => product * length, bytes);
}
