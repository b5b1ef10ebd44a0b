/**
 * Composes the placement of a graph from its levels, which are laid out separately, innermost
 * first.
 *
 * In the enclosing level, an open module is a box with ports. Opening a module therefore changes
 * only its layout and those of the enclosing levels.
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

/** Runs Graphviz on a DOT source; resolves to its JSON. */
export type RunGraphviz = (dot: string) => Promise<string>;

/** A level in its frame, with positions relative to the top left corner of the frame. */
interface FramedLevel extends Size {
  readonly inside: LevelLayout;
  readonly origin: Point;
}

const ORIGIN: Point = { x: 0, y: 0 };

export class Composer {
  private readonly framedLevels = new Map<string | null, FramedLevel>();
  private readonly parameters: ReadonlySet<string>;

  /** `room` is the width of the sheet, in px. */
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

  /** Lays out the levels inside a level, then the level. */
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

  /** Returns the frame of a level, with room for its title and its content. */
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

  /** Computes the positions of a level's content on the sheet, given the corner of its frame. */
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
      // Graphviz rounds the sizes of frames, so the corner is computed from the centre.
      const x = origin.x + box.x + (box.width - size.width) / 2;
      const y = origin.y + box.y + (box.height - size.height) / 2;
      boxes.set(child, { x, y, width: size.width, height: size.height });
      if (inner) this.placeLevel(child, { x, y }, boxes, origins);
    }
  }

  /** Joins the segments of an edge into a route. */
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

/** Returns the size and the origin of the sheet, which has no frame. */
function withoutFrame(inside: LevelLayout): Size & { readonly origin: Point } {
  return { width: inside.width, height: inside.height, origin: ORIGIN };
}
