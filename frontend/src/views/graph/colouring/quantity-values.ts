/** One quantity at one step, for everything that is drawn. */

import type { GraphNode } from "../../../protocol";
import type { SceneElement } from "../drawing/scene";
import type { CollapsedCall } from "../structure/collapsed-graph";

export interface QuantityValues {
  /** The step the numbers belong to; null where they belong to none. */
  readonly step: number | null;
  ofNode(node: GraphNode): number | null;
  ofCall(call: CollapsedCall): number | null;
  /** All numbers, for the scale. */
  all(): Iterable<number>;
}

export function valueFor(element: SceneElement, values: QuantityValues): number | null {
  if (element.type === "container") return values.ofCall(element.container.module);
  const { item } = element;
  return item.kind === "module" ? values.ofCall(item.module) : values.ofNode(item.node);
}

/** Whether there is anything to be coloured. */
export function isEmpty(values: QuantityValues): boolean {
  for (const value of values.all()) if (value > 0) return false;
  return true;
}
