/** Marks the differences from the previous structure on the boxes. */

import type { Difference } from "../model/difference";
import type { Scene } from "./scene";

/** Marks the boxes that are new, removed, or have another shape. */
export function markDifference(scene: Scene, change: Difference | null): void {
  for (const [group, element] of scene.elements) {
    const id = element.type === "item" ? element.item.id : element.container.id;
    group.classList.toggle("labkit-graph-removed", change?.removed.has(id) ?? false);
    group.classList.toggle("labkit-graph-new", change?.added.has(id) ?? false);
    group.classList.toggle("labkit-graph-reshaped", change?.reshaped.has(id) ?? false);
  }
}
