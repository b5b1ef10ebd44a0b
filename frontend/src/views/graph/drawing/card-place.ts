/** Where a card with text is put on the stage, so that it covers as little as possible. */

import type { Point, Rect } from "../layout/placement";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of the stage that should not be covered; the larger the weight, the less. */
export interface Obstacle {
  readonly rect: Rect;
  readonly weight: number;
}

const DISTANCE = 10;
const MARGIN = 4;

/** Returns the place of a card beside its target, or at an edge of the stage. */
export function cardPlace(
  card: Size,
  target: Rect,
  stage: Size,
  obstacles: readonly Obstacle[],
): Point {
  const places = candidates(card, target, stage).map((place) => within(place, card, stage));
  const costs = places.map((place) => coveredBy({ ...place, ...card }, obstacles));
  return places[costs.indexOf(Math.min(...costs))] as Point;
}

/** Returns the places in the order of preference. */
function candidates(card: Size, target: Rect, stage: Size): readonly Point[] {
  const { x, y, width, height } = target;
  const [below, above] = [y + height + DISTANCE, y - DISTANCE - card.height];
  const [right, left] = [x + width + DISTANCE, x - DISTANCE - card.width];
  const aligned = x + width - card.width;
  const [end, bottom] = [stage.width, stage.height];
  return [
    { x, y: below },
    { x, y: above },
    { x: aligned, y: below },
    { x: aligned, y: above },
    { x: right, y },
    { x: left, y },
    { x: end, y: bottom },
    { x: 0, y: bottom },
    { x: end, y: 0 },
    { x: 0, y: 0 },
  ];
}

function within({ x, y }: Point, card: Size, stage: Size): Point {
  return {
    x: Math.max(MARGIN, Math.min(x, stage.width - card.width - MARGIN)),
    y: Math.max(MARGIN, Math.min(y, stage.height - card.height - MARGIN)),
  };
}

function coveredBy(card: Rect, obstacles: readonly Obstacle[]): number {
  return obstacles.reduce((sum, { rect, weight }) => sum + weight * overlap(card, rect), 0);
}

/** Returns the area that two rectangles have in common. */
export function overlap(one: Rect, other: Rect): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, width) * Math.max(0, height);
}
