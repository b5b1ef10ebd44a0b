/** Computes the placement of a visible graph: measures its boxes and runs Graphviz. */

import type { Labels } from "../model/labels";
import type { VisibleGraph } from "../model/visible-graph";
import { Composer, type RunGraphviz } from "./compose";
import type { RankDirection } from "./dot";
import { withHubEdges, withoutHubEdges } from "./hubs";
import { Levels } from "./levels";
import type { FittedLabel, TextMeasure } from "./measure";
import type { Placement } from "./placement";

export interface GraphLayout {
  readonly direction: RankDirection;
  /** The width of the stage for which it was made, in px; 0 if that was not known. */
  readonly room: number;
  readonly visible: VisibleGraph;
  readonly sizes: ReadonlyMap<string, FittedLabel>;
  readonly placement: Placement;
}

/** Ratio of width to height of a stage from which the layout is from left to right. */
const WIDE_RATIO = 1.4;
/** Change of the width of the stage from which rows are wrapped anew. */
const MAX_CHANGE = 1.4;
/** Minimum scale of a row; longer rows are wrapped. */
const MIN_ROW_SCALE = 0.8;

export function directionFor(width: number, height: number): RankDirection {
  return width >= height * WIDE_RATIO ? "LR" : "TB";
}

/** Whether a layout suits a stage of this size, in px: its direction and the length of its rows. */
export function suits({ direction, room }: GraphLayout, width: number, height: number): boolean {
  const change = Math.max(width / room, room / width);
  return direction === directionFor(width, height) && change < MAX_CHANGE;
}

/** `room` is the width of the stage, in px. */
export async function layOutGraph(
  visible: VisibleGraph,
  labels: Labels,
  measure: TextMeasure,
  runGraphviz: RunGraphviz,
  direction: RankDirection,
  room: number,
): Promise<GraphLayout> {
  const sizes = new Map<string, FittedLabel>();
  for (const item of visible.items) sizes.set(item.id, measure.box(item, labels.ofItem(item)));
  for (const { id, module } of visible.containers) {
    sizes.set(id, measure.frame(labels.ofModule(module)));
  }
  const { reduced, hubEdges } = withoutHubEdges(visible);
  const levels = new Levels(visible, reduced.edges);
  const composer = new Composer(
    visible,
    levels,
    sizes,
    direction,
    room / MIN_ROW_SCALE,
    runGraphviz,
  );
  const placement = await composer.placement();
  return {
    direction,
    room,
    visible,
    sizes,
    placement: withHubEdges(placement, hubEdges, direction),
  };
}
