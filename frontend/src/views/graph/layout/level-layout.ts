/** Reads Graphviz's output for a level: positions of boxes, ports and arrows, in px. */

import type { DotSource } from "./dot";
import type { Point, Rect } from "./placement";

/** A path of cubic Bézier curves; `tip` is the tip of the arrow if the path ends in a box. */
export interface Path {
  readonly points: readonly Point[];
  readonly tip: Point | null;
}

export interface LevelLayout {
  readonly width: number;
  readonly height: number;
  /** Boxes and frames, by id. */
  readonly boxes: ReadonlyMap<string, Rect>;
  /** Ports, by the source of their edges. */
  readonly ins: ReadonlyMap<string, Point>;
  readonly outs: ReadonlyMap<string, Point>;
  /** Paths, by the key of their edge. */
  readonly paths: ReadonlyMap<string, Path>;
}

interface GraphvizNode {
  readonly name: string;
  readonly pos?: string;
  readonly width?: string;
  readonly height?: string;
}

interface GraphvizEdge {
  readonly id?: string;
  readonly pos?: string;
}

interface GraphvizOutput {
  readonly bb: string;
  readonly objects?: readonly GraphvizNode[];
  readonly edges?: readonly GraphvizEdge[];
}

const POINTS_PER_INCH = 72;

/** `json` is Graphviz's output in its format "json". */
export function readLevelLayout(json: string, source: DotSource): LevelLayout {
  const answer = JSON.parse(json) as GraphvizOutput;
  const [, , width = 0, height = 0] = numbers(answer.bb);
  const flip = (y: number) => height - y;
  const boxes = new Map<string, Rect>();
  const ports = { i: new Map<string, Point>(), o: new Map<string, Point>() };
  for (const object of answer.objects ?? []) {
    const [, letter, number] = /^([nio])(\d+)$/.exec(object.name) ?? [];
    const [x = 0, y = 0] = numbers(object.pos ?? "");
    const centre = { x, y: flip(y) };
    const index = Number(number);
    if (letter === "n") boxes.set(source.children[index] ?? "", rectAround(centre, object));
    if (letter === "i") ports.i.set(source.ins[index] ?? "", centre);
    if (letter === "o") ports.o.set(source.outs[index] ?? "", centre);
  }
  const paths = new Map<string, Path>();
  for (const edge of answer.edges ?? []) {
    const known = source.edges[Number(edge.id)];
    if (known && edge.pos !== undefined) paths.set(known.key, readSpline(edge.pos, flip));
  }
  return { width, height, boxes, ins: ports.i, outs: ports.o, paths };
}

/** Returns the layout with all points transformed. */
export function mapPoints(answer: LevelLayout, point: (from: Point) => Point): LevelLayout {
  const ports = (from: ReadonlyMap<string, Point>) =>
    new Map([...from].map(([source, each]) => [source, point(each)]));
  return {
    ...answer,
    boxes: new Map([...answer.boxes].map(([id, box]) => [id, { ...box, ...point(box) }])),
    ins: ports(answer.ins),
    outs: ports(answer.outs),
    paths: new Map(
      [...answer.paths].map(([key, path]) => [
        key,
        { points: path.points.map(point), tip: path.tip && point(path.tip) },
      ]),
    ),
  };
}

function rectAround(centre: Point, { width, height }: GraphvizNode): Rect {
  const size = {
    width: Number(width) * POINTS_PER_INCH,
    height: Number(height) * POINTS_PER_INCH,
  };
  return { x: centre.x - size.width / 2, y: centre.y - size.height / 2, ...size };
}

/** Reads "e,x,y x,y x,y ...": the tip, then the start and the control points. */
function readSpline(pos: string, flip: (y: number) => number): Path {
  const points: Point[] = [];
  let tip: Point | null = null;
  for (const part of (pos.split(";")[0] ?? "").split(" ")) {
    const [x = 0, y = 0] = numbers(part.replace(/^[es],/, ""));
    const point = { x, y: flip(y) };
    if (part.startsWith("e,")) tip = point;
    else if (!part.startsWith("s,")) points.push(point);
  }
  return { points, tip };
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}
