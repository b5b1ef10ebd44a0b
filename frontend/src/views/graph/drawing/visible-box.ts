/** The box in which a node or a module call is drawn. */

import type { GraphData } from "../../../messages/graph";
import { ModuleTree } from "../structure/module-tree";
import type { Scene } from "./scene";

/** Returns a function from the id of a drawn node or call to that of its box; null without one. */
export function visibleBoxes(scene: Scene, graph: GraphData): (id: string) => string | null {
  const scopes = new Map(graph.nodes.map((node) => [node.id, node.scope]));
  const chains = new ModuleTree(graph);
  return (id) => {
    if (scene.rect(id)) return id;
    const around = chains.chain(scopes.get(id) ?? id);
    return around.find((call) => scene.isItem(call.id))?.id ?? null;
  };
}
