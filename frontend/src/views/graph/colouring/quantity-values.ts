/** One quantity at one step, for everything that is drawn. */

import type { GraphNode } from "../../../protocol";
import type { Thing } from "../drawing/scene";
import type { RolledCall } from "../structure/collapsed-graph";

export interface Reading {
  /** The step the numbers belong to; null where they belong to none. */
  readonly step: number | null;
  ofNode(node: GraphNode): number | null;
  ofCall(call: RolledCall): number | null;
  /** All numbers, for the scale. */
  all(): Iterable<number>;
}

export function numberOf(thing: Thing, reading: Reading): number | null {
  if (thing.type === "container") return reading.ofCall(thing.container.module);
  const { item } = thing;
  return item.kind === "module" ? reading.ofCall(item.module) : reading.ofNode(item.node);
}

/** Whether there is anything to be coloured. */
export function isEmpty(reading: Reading): boolean {
  for (const value of reading.all()) if (value > 0) return false;
  return true;
}
