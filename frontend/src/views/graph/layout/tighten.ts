/** Moves the ports of a level closer to its boxes than the rank distance of Graphviz. */

import type { RankDirection } from "./dot";
import { type LevelLayout, mapPoints } from "./level-layout";
import type { Point } from "./placement";

/** Distance between ports and boxes, in px. */
const GAP = 14;

export function withTightPorts(layout: LevelLayout, direction: RankDirection): LevelLayout {
  const boxes = [...layout.boxes.values()];
  if (boxes.length === 0 || layout.ins.size + layout.outs.size === 0) return layout;
  const across = direction === "LR";
  const first = Math.min(...boxes.map((box) => (across ? box.x : box.y)));
  const last = Math.max(...boxes.map((box) => (across ? box.x + box.width : box.y + box.height)));
  const length = across ? layout.width : layout.height;
  const before = layout.ins.size > 0 ? Math.min(1, GAP / Math.max(first, 1)) : 1;
  const behind = layout.outs.size > 0 ? Math.min(1, GAP / Math.max(length - last, 1)) : 1;
  // Points before the first box, or after the last, move towards it.
  const start = first * (1 - before);
  const along = (place: number): number => {
    if (place < first) return first - (first - place) * before - start;
    return (place > last ? last + (place - last) * behind : place) - start;
  };
  const point = ({ x, y }: Point): Point => (across ? { x: along(x), y } : { x, y: along(y) });
  const size = across
    ? { width: along(length), height: layout.height }
    : { width: layout.width, height: along(length) };
  return { ...mapPoints(layout, point), ...size };
}
