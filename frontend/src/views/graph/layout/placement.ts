/** Positions on the sheet in px, with y downwards. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow: cubic Bézier curves, followed by a straight line to the tip. */
export interface Route {
  readonly source: string;
  readonly target: string;
  readonly points: readonly Point[];
  readonly tip: Point;
}

export interface Placement {
  readonly bounds: Rect;
  /** Items and containers, by id. */
  readonly boxes: ReadonlyMap<string, Rect>;
  readonly routes: readonly Route[];
}

/** Returns the placement moved by `dx` and `dy`. */
export function shifted(placement: Placement, dx: number, dy: number): Placement {
  const rect = (from: Rect): Rect => ({ ...from, x: from.x + dx, y: from.y + dy });
  const point = (from: Point): Point => ({ x: from.x + dx, y: from.y + dy });
  return {
    bounds: rect(placement.bounds),
    boxes: new Map([...placement.boxes].map(([id, box]) => [id, rect(box)])),
    routes: placement.routes.map((route) => ({
      ...route,
      points: route.points.map(point),
      tip: point(route.tip),
    })),
  };
}

/** Returns the SVG path data of an arrow. */
export function svgPathOf(route: Route): string {
  const [start, ...controls] = route.points.map((point) => `${round(point.x)},${round(point.y)}`);
  return `M${start}C${controls.join(" ")}L${round(route.tip.x)},${round(route.tip.y)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
