/** The texts about what boxes and frames cost. */

import type { Cost, GraphNode } from "../../../messages/graph";
import type { CollapsedCall } from "../structure/collapsed-graph";
import { bytesText, plural, siText } from "../structure/text";
import type { Fact } from "./fact";

export const FLOPS = "Compute";
export const OUTPUT_SIZE = "Activation size";
export const SAVED_SIZE = "Kept for backward";

/** What the names of costs mean. */
export const COST_EXPLANATIONS: Readonly<Record<string, string>> = {
  [FLOPS]:
    "Floating point operations (FLOP) of matrix products, convolutions and attention, by the " +
    "formulas of torch.utils.flop_counter. Elementwise operations, reductions and copies are " +
    "not counted. Unknown: torch has no formula, or the shapes do not determine the number.",
  [OUTPUT_SIZE]: "Size of what the operation returns, or all operations in the module",
  [SAVED_SIZE]: "Size of the tensors that autograd keeps for the backward pass, without parameters",
};

const UNKNOWN = "unknown";

/** Returns the costs of an operation; nothing for other nodes. */
export function costsOfNode({ kind, cost }: GraphNode): readonly Fact[] {
  return kind === "op" ? factsOf(cost) : [];
}

/** Returns the costs of a module call; nothing for a pass of a repeat that is no call. */
export function costsOfCall({ cost, synthetic }: CollapsedCall): readonly Fact[] {
  return synthetic ? [] : factsOf(cost);
}

/** Returns "2.1 MFLOP forward, 4.2 MFLOP backward", for example. */
export function flopsText(cost: Cost): string {
  const { forward_flops: forward, backward_flops: backward } = cost;
  if (forward === null && backward === null) return UNKNOWN;
  const missing = Math.max(cost.unknown_forward, cost.unknown_backward);
  if (!forward && !backward && missing === 0) return "not counted";
  const parts = `${flopText(forward)} forward, ${flopText(backward)} backward`;
  const isSum = missing > 0 && forward !== null && backward !== null;
  return isSum ? `${parts}, without ${plural(missing, "unknown operation")}` : parts;
}

/** Returns "2.1 MFLOP" with a space at which the line does not break. */
function flopText(flops: number | null): string {
  return flops === null ? UNKNOWN : siText(flops, "FLOP").replace(" ", "\u00a0");
}

function factsOf(cost: Cost): readonly Fact[] {
  return [
    [FLOPS, flopsText(cost)],
    [OUTPUT_SIZE, sizeText(cost.output_bytes)],
    [SAVED_SIZE, sizeText(cost.saved_bytes)],
  ];
}

function sizeText(bytes: number | null): string {
  return bytes === null ? UNKNOWN : bytesText(bytes);
}
