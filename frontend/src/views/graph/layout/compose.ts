/**
 * Puts a picture together from its levels, each laid out by itself, the innermost first.
 *
 * To its surroundings an open module is a box with ports; so opening one lays out anew that module
 * and those around it, and nothing else.
 */

import type { VisibleEdge, VisibleGraph } from "../model/visible-graph";
import { add, straightCurve } from "./curves";
import { dotSource, type LevelBox, type RankDirection } from "./dot";
import { type LevelLayout, readLevelLayout } from "./level-layout";
import type { Levels, RouteSegment } from "./levels";
import { MODULE_PADDING, type Size, TITLE_BAR } from "./measure";
import type { Placement, Point, Rect, Route } from "./placement";
import { withTightPorts } from "./tighten";
import { wrapIntoRows } from "./wrap";

/** Graphviz's answer to a DOT source, as JSON. */
export type RunGraphviz = (dot: string) => Promise<string>;

/** A level in its frame; places are from the frame's top left corner. */
interface FramedLevel extends Size {
  readonly inside: LevelLayout;
  readonly origin: Point;
}

const ORIGIN: Point = { x: 0, y: 0 };

export class Composer {
  private readonly framedLevels = new Map<string | null, FramedLevel>();
  private readonly parameters: ReadonlySet<string>;

  /** `room` is how many px of the sheet there are from left to right. */
  constructor(
    visible: VisibleGraph,
    private readonly levels: Levels,
    private readonly sizes: ReadonlyMap<string, Size>,
    private readonly direction: RankDirection,
    private readonly room: number,
    private readonly runGraphviz: RunGraphviz,
  ) {
    const items = visible.items.filter((item) => item.kind === "parameter");
    this.parameters = new Set(items.map((item) => item.id));
  }

  async placement(): Promise<Placement> {
    await this.layOutLevel(null, this.room);
    const boxes = new Map<string, Rect>();
    const origins = new Map<string | null, Point>();
    this.placeLevel(null, ORIGIN, boxes, origins);
    const routes: Route[] = [];
    for (const [edge, segments] of this.levels.segments) {
      const route = this.route(edge, segments, origins);
      if (route) routes.push(route);
    }
    const { width, height } = this.framedLevels.get(null) ?? { width: 0, height: 0 };
    return { bounds: { x: 0, y: 0, width, height }, boxes, routes };
  }

  /** Lays out a level, after those within it. */
  private async layOutLevel(id: string | null, room: number): Promise<FramedLevel> {
    const level = this.levels.level(id);
    const boxesOfLevel = new Map<string, LevelBox>();
    for (const child of level.children) {
      if (this.levels.isFrame(child)) {
        const inner = await this.layOutLevel(child, room - 2 * MODULE_PADDING);
        boxesOfLevel.set(child, this.boxOf(inner));
      } else boxesOfLevel.set(child, { ...this.size(child), ins: new Map(), outs: new Map() });
    }
    const source = dotSource(level, boxesOfLevel, this.parameters, this.direction);
    const row = withTightPorts(
      readLevelLayout(await this.runGraphviz(source.text), source),
      this.direction,
    );
    const inside = this.direction === "LR" ? wrapIntoRows(row, level, room) : row;
    const made = id === null ? { ...withoutFrame(inside), inside } : this.frameAround(id, inside);
    this.framedLevels.set(id, made);
    return made;
  }

  private size(id: string): Size {
    const size = this.sizes.get(id);
    if (!size) throw new Error(`no size was given for ${id}`);
    return size;
  }

  /** The frame that a level needs: room for its title, and for what is in it. */
  private frameAround(id: string, inside: LevelLayout): FramedLevel {
    const bar = this.size(id);
    const width = Math.max(bar.width, inside.width + 2 * MODULE_PADDING);
    const x = (width - inside.width) / 2;
    const height = TITLE_BAR + inside.height + 2 * MODULE_PADDING;
    return { inside, origin: { x, y: TITLE_BAR + MODULE_PADDING }, width, height };
  }

  private boxOf(framed: FramedLevel): LevelBox {
    const { inside, origin, width, height } = framed;
    const along = (point: Point) =>
      this.direction === "LR" ? point.y + origin.y : point.x + origin.x;
    const places = (ports: ReadonlyMap<string, Point>) =>
      new Map([...ports].map(([source, point]) => [source, along(point)]));
    return { width, height, ins: places(inside.ins), outs: places(inside.outs) };
  }

  /** Where everything of a level is on the sheet, given its frame's corner. */
  private placeLevel(
    id: string | null,
    corner: Point,
    boxes: Map<string, Rect>,
    origins: Map<string | null, Point>,
  ): void {
    const framed = this.framedLevels.get(id);
    if (!framed) return;
    const origin = { x: corner.x + framed.origin.x, y: corner.y + framed.origin.y };
    origins.set(id, origin);
    for (const [child, box] of framed.inside.boxes) {
      const inner = this.framedLevels.get(child);
      const size = inner ?? box;
      // Graphviz rounds the sizes of frames; their corners follow from their middles.
      const x = origin.x + box.x + (box.width - size.width) / 2;
      const y = origin.y + box.y + (box.height - size.height) / 2;
      boxes.set(child, { x, y, width: size.width, height: size.height });
      if (inner) this.placeLevel(child, { x, y }, boxes, origins);
    }
  }

  /** The whole way of an edge, from leg to leg. */
  private route(
    edge: VisibleEdge,
    segments: readonly RouteSegment[],
    origins: ReadonlyMap<string | null, Point>,
  ): Route | null {
    const points: Point[] = [];
    let tip: Point | null = null;
    for (const { level, key } of segments) {
      const path = this.framedLevels.get(level)?.inside.paths.get(key);
      const origin = origins.get(level);
      if (!path || !origin) return null;
      const moved = path.points.map((point) => add(point, origin));
      const [start, ...rest] = moved;
      if (!start) return null;
      const end = points.at(-1);
      if (end) points.push(...straightCurve(end, start));
      else points.push(start);
      points.push(...rest);
      tip = path.tip && add(path.tip, origin);
    }
    const last = points.at(-1);
    if (!last) return null;
    return { source: edge.source, target: edge.target, points, tip: tip ?? last };
  }
}

/** A level without a frame around it. */
function withoutFrame(inside: LevelLayout): Size & { readonly origin: Point } {
  return { width: inside.width, height: inside.height, origin: ORIGIN };
}
