/** Outlines the boxes and frames that are selected. */

import type { ShownGraph } from "../model/shown-graph";
import type { Scene } from "./scene";
import { visibleBoxes } from "./visible-box";

const SELECTED = "labkit-graph-selected";

/** Outlines nodes and calls of the recorded graph; a folded module stands for those in it. */
export function markSelected(scene: Scene, shown: ShownGraph, ids: readonly string[]): void {
  const boxOf = visibleBoxes(scene, shown.graph);
  const boxes = new Set(ids.map((id) => boxOf(shown.drawnIdOf(id))));
  for (const [group, element] of scene.elements) {
    const id = element.type === "item" ? element.item.id : element.container.id;
    group.classList.toggle(SELECTED, boxes.has(id));
  }
}
