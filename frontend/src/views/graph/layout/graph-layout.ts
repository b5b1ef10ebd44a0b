/** From a graph and its open modules to a placement: measured, laid out, read back. */

import type { Labels } from "../model/labels";
import type { VisibleGraph } from "../model/visible-graph";
import { Composer, type LayOut } from "./compose";
import type { Direction } from "./dot";
import { withFurther, withoutHubs } from "./hubs";
import { Levels } from "./levels";
import type { Fitted, Measure } from "./measure";
import type { Placement } from "./placement";

export interface Picture {
  readonly direction: Direction;
  readonly visible: VisibleGraph;
  readonly sizes: ReadonlyMap<string, Fitted>;
  readonly placement: Placement;
}

/** A stage this much wider than high is filled better from left to right. */
const WIDE = 2;
/** A row is folded rather than made smaller than this. */
const READABLE = 0.8;

export function directionFor(width: number, height: number): Direction {
  return width >= height * WIDE ? "LR" : "TB";
}

/** `room` is how many px of the page there are from left to right. */
export async function makePicture(
  visible: VisibleGraph,
  labels: Labels,
  measure: Measure,
  layOut: LayOut,
  direction: Direction,
  room: number,
): Promise<Picture> {
  const sizes = new Map<string, Fitted>();
  for (const item of visible.items) sizes.set(item.id, measure.box(item, labels.ofItem(item)));
  for (const { id, module } of visible.containers) {
    sizes.set(id, measure.frame(labels.ofModule(module)));
  }
  const { plain, further } = withoutHubs(visible);
  const levels = new Levels(visible, plain.edges);
  const composer = new Composer(visible, levels, sizes, direction, room / READABLE, layOut);
  const placement = await composer.placement();
  return { direction, visible, sizes, placement: withFurther(placement, further, direction) };
}
