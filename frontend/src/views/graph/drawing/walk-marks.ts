/** Marks the current node of a walk and the completed ones. */

import type { GraphData } from "../../../messages/graph";
import type { Scene } from "./scene";
import { visibleBoxes } from "./visible-box";

const CURRENT = "labkit-graph-current";
const DONE = "labkit-graph-done";

export class WalkMarks {
  private current: string | null = null;
  private done: ReadonlySet<string> = new Set();

  set(current: string | null, done: ReadonlySet<string>): void {
    this.current = current;
    this.done = done;
  }

  /** Marks the boxes; returns the id of the current one, which may be a folded module. */
  apply(scene: Scene, graph: GraphData | null): string | null {
    if (!graph) return null;
    const boxOf = visibleBoxes(scene, graph);
    const current = this.current === null ? null : boxOf(this.current);
    const done = new Set([...this.done].map(boxOf));
    for (const [group, element] of scene.elements) {
      const id = element.type === "item" ? element.item.id : null;
      group.classList.toggle(CURRENT, id !== null && id === current);
      group.classList.toggle(DONE, id !== null && id !== current && done.has(id));
    }
    return current;
  }
}
