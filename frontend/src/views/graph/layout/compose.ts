/**
 * Puts a picture together from its levels, each laid out by itself, the innermost first.
 *
 * To its surroundings an open module is a box with ports; so opening one lays out anew that module
 * and those around it, and nothing else.
 */

import type { VisibleEdge, VisibleGraph } from "../model/visible-graph";
import { plus, straight } from "./curves";
import { type Block, type Direction, dotSource } from "./dot";
import { type Answer, readAnswer } from "./level-layout";
import type { Leg, Levels } from "./levels";
import { MODULE_PADDING, type Size, TITLE_BAR } from "./measure";
import type { Placement, Point, Rect, Route } from "./placement";
import { tightened } from "./tighten";
import { wrapped } from "./wrap";

/** Graphviz's answer to a DOT source, as JSON. */
export type LayOut = (dot: string) => Promise<string>;

/** A level in its frame; places are from the frame's top left corner. */
interface Framed extends Size {
  readonly inside: Answer;
  readonly origin: Point;
}

const ORIGIN: Point = { x: 0, y: 0 };

export class Composer {
  private readonly framed = new Map<string | null, Framed>();
  private readonly parameters: ReadonlySet<string>;

  /** `room` is how many px of the sheet there are from left to right. */
  constructor(
    visible: VisibleGraph,
    private readonly levels: Levels,
    private readonly sizes: ReadonlyMap<string, Size>,
    private readonly direction: Direction,
    private readonly room: number,
    private readonly layOut: LayOut,
  ) {
    const items = visible.items.filter((item) => item.kind === "parameter");
    this.parameters = new Set(items.map((item) => item.id));
  }

  async placement(): Promise<Placement> {
    await this.frame(null, this.room);
    const boxes = new Map<string, Rect>();
    const origins = new Map<string | null, Point>();
    this.settle(null, ORIGIN, boxes, origins);
    const routes: Route[] = [];
    for (const [edge, legs] of this.levels.ways) {
      const route = this.route(edge, legs, origins);
      if (route) routes.push(route);
    }
    const { width, height } = this.framed.get(null) ?? { width: 0, height: 0 };
    return { bounds: { x: 0, y: 0, width, height }, boxes, routes };
  }

  /** Lays out a level, after those within it. */
  private async frame(id: string | null, room: number): Promise<Framed> {
    const level = this.levels.level(id);
    const blocks = new Map<string, Block>();
    for (const child of level.children) {
      if (this.levels.isFrame(child)) {
        const inner = await this.frame(child, room - 2 * MODULE_PADDING);
        blocks.set(child, this.blockOf(inner));
      } else blocks.set(child, { ...this.size(child), ins: new Map(), outs: new Map() });
    }
    const source = dotSource(level, blocks, this.parameters, this.direction);
    const row = tightened(readAnswer(await this.layOut(source.text), source), this.direction);
    const inside = this.direction === "LR" ? wrapped(row, level, room) : row;
    const made = id === null ? { ...bare(inside), inside } : this.around(id, inside);
    this.framed.set(id, made);
    return made;
  }

  private size(id: string): Size {
    const size = this.sizes.get(id);
    if (!size) throw new Error(`no size was given for ${id}`);
    return size;
  }

  /** The frame that a level needs: room for its title, and for what is in it. */
  private around(id: string, inside: Answer): Framed {
    const bar = this.size(id);
    const width = Math.max(bar.width, inside.width + 2 * MODULE_PADDING);
    const x = (width - inside.width) / 2;
    const height = TITLE_BAR + inside.height + 2 * MODULE_PADDING;
    return { inside, origin: { x, y: TITLE_BAR + MODULE_PADDING }, width, height };
  }

  private blockOf(framed: Framed): Block {
    const { inside, origin, width, height } = framed;
    const along = (point: Point) =>
      this.direction === "LR" ? point.y + origin.y : point.x + origin.x;
    const places = (ports: ReadonlyMap<string, Point>) =>
      new Map([...ports].map(([source, point]) => [source, along(point)]));
    return { width, height, ins: places(inside.ins), outs: places(inside.outs) };
  }

  /** Where everything of a level is on the sheet, given its frame's corner. */
  private settle(
    id: string | null,
    corner: Point,
    boxes: Map<string, Rect>,
    origins: Map<string | null, Point>,
  ): void {
    const framed = this.framed.get(id);
    if (!framed) return;
    const origin = { x: corner.x + framed.origin.x, y: corner.y + framed.origin.y };
    origins.set(id, origin);
    for (const [child, box] of framed.inside.boxes) {
      const inner = this.framed.get(child);
      const size = inner ?? box;
      // Graphviz rounds the sizes of frames; their corners follow from their middles.
      const x = origin.x + box.x + (box.width - size.width) / 2;
      const y = origin.y + box.y + (box.height - size.height) / 2;
      boxes.set(child, { x, y, width: size.width, height: size.height });
      if (inner) this.settle(child, { x, y }, boxes, origins);
    }
  }

  /** The whole way of an edge, from leg to leg. */
  private route(
    edge: VisibleEdge,
    legs: readonly Leg[],
    origins: ReadonlyMap<string | null, Point>,
  ): Route | null {
    const points: Point[] = [];
    let tip: Point | null = null;
    for (const { level, key } of legs) {
      const path = this.framed.get(level)?.inside.paths.get(key);
      const origin = origins.get(level);
      if (!path || !origin) return null;
      const moved = path.points.map((point) => plus(point, origin));
      const [start, ...rest] = moved;
      if (!start) return null;
      const end = points.at(-1);
      if (end) points.push(...straight(end, start));
      else points.push(start);
      points.push(...rest);
      tip = path.tip && plus(path.tip, origin);
    }
    const last = points.at(-1);
    if (!last) return null;
    return { source: edge.source, target: edge.target, points, tip: tip ?? last };
  }
}

/** A level without a frame around it. */
function bare(inside: Answer): Size & { readonly origin: Point } {
  return { width: inside.width, height: inside.height, origin: ORIGIN };
}
