/** The values of a quantity at a step, for all drawn elements. */

import type { GraphNode } from "../../../messages/graph";
import type { SceneElement } from "../drawing/scene";
import type { CollapsedCall } from "../structure/collapsed-graph";

export interface QuantityValues {
  /** The step of the values; null if they do not depend on it. */
  readonly step: number | null;
  ofNode(node: GraphNode): number | null;
  ofCall(call: CollapsedCall): number | null;
  /** Returns all values, for the range of the colour scale. */
  all(): Iterable<number>;
}

export function valueFor(element: SceneElement, values: QuantityValues): number | null {
  if (element.type === "container") return values.ofCall(element.container.module);
  const { item } = element;
  return item.kind === "module" ? values.ofCall(item.module) : values.ofNode(item.node);
}

/** Whether there is nothing to colour, because no value is positive. */
export function isEmpty(values: QuantityValues): boolean {
  for (const value of values.all()) if (value > 0) return false;
  return true;
}
