/** Marks the current node of a walk and the completed ones. */

import type { GraphData } from "../../../messages/graph";
import { ModuleTree } from "../structure/module-tree";
import type { Scene } from "./scene";

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
    const scopes = new Map(graph.nodes.map((node) => [node.id, node.scope]));
    const chains = new ModuleTree(graph);
    const boxOf = (id: string): string | null => {
      if (scene.rect(id)) return id;
      const around = chains.chain(scopes.get(id) ?? "");
      return around.find((call) => scene.isItem(call.id))?.id ?? null;
    };
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
