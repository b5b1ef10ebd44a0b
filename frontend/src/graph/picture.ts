/** From a graph and its open modules to a placement: measured, laid out, read back. */

import { type Direction, dotSource } from "./dot";
import type { VisibleGraph } from "./fold";
import { withFurther, withoutHubs } from "./hubs";
import type { Labels } from "./labels";
import type { Layouter } from "./layout";
import type { Fitted, Measure } from "./measure";
import { type Placement, readPlacement } from "./placement";
import { entangled, wrapped } from "./wrap";

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
  layouter: Layouter,
  direction: Direction,
  room: number,
): Promise<Picture> {
  const sizes = new Map<string, Fitted>();
  for (const item of visible.items) sizes.set(item.id, measure.box(item, labels.ofItem(item)));
  for (const { id, module } of visible.containers) {
    sizes.set(id, measure.frame(labels.ofModule(module)));
  }
  const { plain, further } = withoutHubs(visible);
  const layOut = async (apart: boolean) => {
    const source = dotSource(plain, sizes, direction, apart);
    return readPlacement(await layouter.layout(source.text), source);
  };
  let row = await layOut(false);
  if (direction === "LR") {
    const most = room / READABLE;
    if (entangled(row, visible, most)) row = await layOut(true);
    row = wrapped(row, visible, most);
  }
  return { direction, visible, sizes, placement: withFurther(row, further, direction) };
}
