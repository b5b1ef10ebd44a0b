/** The parts of the stage that the card of a box should leave free. */

import type { Rect } from "../layout/placement";
import type { VisibleEdge } from "../model/visible-graph";
import { type Obstacle, overlap } from "./card-place";
import type { Scene, SceneElement } from "./scene";
import type { Viewport } from "./viewport";

/** Weights of the box itself, of those connected with it or inside of it, and of others. */
const ITSELF = 100;
const CONNECTED = 20;
const OTHER = 1;

/** Returns the place of a hovered element on the stage, and the weighted boxes. */
export function hoverPlace(
  element: SceneElement,
  group: SVGGElement,
  scene: Scene,
  viewport: Viewport,
  edges: readonly VisibleEdge[],
  stage: HTMLElement,
): { readonly target: Rect; readonly obstacles: readonly Obstacle[] } {
  const target = placeOn(stage, group);
  const id = element.type === "item" ? element.item.id : element.container.id;
  const connected = new Set<string>();
  for (const { source, target: end } of edges) {
    if (source === id) connected.add(end);
    else if (end === id) connected.add(source);
  }
  const inside = element.type === "container" ? scene.rect(id) : undefined;
  const obstacles: Obstacle[] = [{ rect: target, weight: ITSELF }];
  for (const [, each] of scene.elements) {
    if (each.type !== "item" || each.item.id === id) continue;
    const rect = scene.rect(each.item.id);
    if (!rect) continue;
    const isNear = connected.has(each.item.id) || (inside && overlap(rect, inside) > 0);
    obstacles.push({ rect: viewport.onStage(rect), weight: isNear ? CONNECTED : OTHER });
  }
  return { target, obstacles };
}

/** Returns the place of an element on the stage, in px. */
function placeOn(stage: HTMLElement, group: SVGGElement): Rect {
  const [box, frame] = [group.getBoundingClientRect(), stage.getBoundingClientRect()];
  const { width, height } = box;
  return { x: box.left - frame.left, y: box.top - frame.top, width, height };
}
