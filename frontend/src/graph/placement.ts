/** Reads Graphviz's answer: where every box, frame and arrow goes, in px, y downwards. */

import type { DotSource } from "./dot";

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

/** An arrow: a chain of cubic Bézier curves, then a straight piece to the tip. */
export interface Route {
  readonly source: string;
  readonly target: string;
  readonly points: readonly Point[];
  readonly tip: Point;
}

export interface Placement {
  readonly bounds: Rect;
  /** Items and containers by id. */
  readonly boxes: ReadonlyMap<string, Rect>;
  readonly routes: readonly Route[];
}

interface GraphvizObject {
  readonly _gvid: number;
  readonly name: string;
  readonly bb?: string;
  readonly pos?: string;
  readonly width?: string;
  readonly height?: string;
}

interface GraphvizEdge {
  readonly tail: number;
  readonly head: number;
  readonly pos?: string;
}

interface GraphvizAnswer {
  readonly bb: string;
  readonly objects?: readonly GraphvizObject[];
  readonly edges?: readonly GraphvizEdge[];
}

const POINTS_PER_INCH = 72;

/** `json` is what Graphviz writes in its format "json". */
export function readPlacement(json: string, source: DotSource): Placement {
  const answer = JSON.parse(json) as GraphvizAnswer;
  const [, , width = 0, height = 0] = numbers(answer.bb);
  const flip = (y: number) => height - y;
  const boxes = new Map<string, Rect>();
  const ids = new Map<number, string>();
  for (const object of answer.objects ?? []) {
    const id = idOf(object.name, source);
    if (id === undefined) continue;
    ids.set(object._gvid, id);
    boxes.set(id, object.bb === undefined ? nodeRect(object, flip) : frameRect(object.bb, flip));
  }
  const routes: Route[] = [];
  for (const edge of answer.edges ?? []) {
    const [from, to] = [ids.get(edge.tail), ids.get(edge.head)];
    if (from === undefined || to === undefined || edge.pos === undefined) continue;
    routes.push({ source: from, target: to, ...readSpline(edge.pos, flip) });
  }
  return { bounds: { x: 0, y: 0, width, height }, boxes, routes };
}

/** The same picture elsewhere. */
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

/** SVG path data of an arrow. */
export function pathOf(route: Route): string {
  const [start, ...controls] = route.points.map((point) => `${round(point.x)},${round(point.y)}`);
  return `M${start}C${controls.join(" ")}L${round(route.tip.x)},${round(route.tip.y)}`;
}

function idOf(name: string, source: DotSource): string | undefined {
  const [, cluster, node] = /^(?:cluster_(\d+)|n(\d+))$/.exec(name) ?? [];
  if (cluster !== undefined) return source.clusters[Number(cluster)];
  return node === undefined ? undefined : source.nodes[Number(node)];
}

function nodeRect(object: GraphvizObject, flip: (y: number) => number): Rect {
  const [x = 0, y = 0] = numbers(object.pos ?? "");
  const width = Number(object.width) * POINTS_PER_INCH;
  const height = Number(object.height) * POINTS_PER_INCH;
  return { x: x - width / 2, y: flip(y) - height / 2, width, height };
}

function frameRect(bb: string, flip: (y: number) => number): Rect {
  const [left = 0, bottom = 0, right = 0, top = 0] = numbers(bb);
  return { x: left, y: flip(top), width: right - left, height: top - bottom };
}

/** "e,x,y x,y x,y ...": the tip first, then the start and the control points. */
function readSpline(pos: string, flip: (y: number) => number): { points: Point[]; tip: Point } {
  const points: Point[] = [];
  let tip: Point | null = null;
  for (const part of (pos.split(";")[0] ?? "").split(" ")) {
    const [x = 0, y = 0] = numbers(part.replace(/^[es],/, ""));
    const point = { x, y: flip(y) };
    if (part.startsWith("e,")) tip = point;
    else if (!part.startsWith("s,")) points.push(point);
  }
  return { points, tip: tip ?? points.at(-1) ?? { x: 0, y: 0 } };
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
