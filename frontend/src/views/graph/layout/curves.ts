/** Paths of arrows: straight lines and curves. */

import type { Path } from "./level-layout";
import type { Point, Rect } from "./placement";

/** Length of an arrow's head, and radius of a rounded corner, in px. */
export const CORNER = 8;

/** Returns an S-shaped path from one box to the next in a row. */
export function sCurve(start: Point, end: Point, arrow: boolean): Path {
  const last = arrow ? { x: end.x - CORNER, y: end.y } : end;
  const middle = (start.x + last.x) / 2;
  const points = [start, { x: middle, y: start.y }, { x: middle, y: last.y }, last];
  return { points, tip: arrow ? end : null };
}

export function add(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

/** Returns the point at which an arrow leaves a box to the right, at its start's height. */
export function rightEdgeOf(box: Rect | undefined, start: Point): Point {
  if (!box) return start;
  const inside = start.y >= box.y && start.y <= box.y + box.height;
  return { x: box.x + box.width, y: inside ? start.y : box.y + box.height / 2 };
}

/** Returns a polyline with rounded corners, as cubic curves. */
export function roundedPath(stops: readonly Point[]): Point[] {
  const [start, ...rest] = stops;
  if (!start) return [];
  const points = [start];
  let here = start;
  rest.forEach((corner, index) => {
    const after = rest[index + 1];
    const reach = Math.min(
      CORNER,
      distance(here, corner) / 2,
      after ? distance(corner, after) / 2 : 0,
    );
    const before = pointTowards(corner, here, reach);
    points.push(here, before, before);
    here = before;
    if (!after) return;
    const beyond = pointTowards(corner, after, reach);
    points.push(corner, corner, beyond);
    here = beyond;
  });
  return points;
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function pointTowards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return {
    x: from.x + ((to.x - from.x) * length) / whole,
    y: from.y + ((to.y - from.y) * length) / whole,
  };
}

export function union(rects: Iterable<Rect>): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const rect of rects) {
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return left > right
    ? { x: 0, y: 0, width: 0, height: 0 }
    : { x: left, y: top, width: right - left, height: bottom - top };
}

/** Returns a straight line as a cubic curve, without its start. */
export function straightCurve(from: Point, to: Point): Point[] {
  const part = (share: number): Point => ({
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
  });
  return [part(1 / 3), part(2 / 3), to];
}
