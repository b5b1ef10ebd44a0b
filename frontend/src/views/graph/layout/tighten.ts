/** Brings the ports of a level nearer to its boxes than Graphviz's distance between two ranks. */

import type { Direction } from "./dot";
import { type Answer, mapped } from "./level-layout";
import type { Point } from "./placement";

/** From the ports to the boxes, in px. */
const GAP = 14;

export function tightened(answer: Answer, direction: Direction): Answer {
  const boxes = [...answer.boxes.values()];
  if (boxes.length === 0 || answer.ins.size + answer.outs.size === 0) return answer;
  const across = direction === "LR";
  const first = Math.min(...boxes.map((box) => (across ? box.x : box.y)));
  const last = Math.max(...boxes.map((box) => (across ? box.x + box.width : box.y + box.height)));
  const length = across ? answer.width : answer.height;
  const before = answer.ins.size > 0 ? Math.min(1, GAP / Math.max(first, 1)) : 1;
  const behind = answer.outs.size > 0 ? Math.min(1, GAP / Math.max(length - last, 1)) : 1;
  // What lies before the first box, or behind the last, moves towards it.
  const start = first * (1 - before);
  const along = (place: number): number => {
    if (place < first) return first - (first - place) * before - start;
    return (place > last ? last + (place - last) * behind : place) - start;
  };
  const point = ({ x, y }: Point): Point => (across ? { x: along(x), y } : { x, y: along(y) });
  const size = across
    ? { width: along(length), height: answer.height }
    : { width: answer.width, height: along(length) };
  return { ...mapped(answer, point), ...size };
}
