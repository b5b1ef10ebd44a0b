/**
 * Wraps a long row of boxes into several rows, like lines of text.
 *
 * The layout of a deep chain from left to right is too wide to be readable. Each level is wrapped
 * separately, between its columns.
 */

import { add, CORNER, rightEdgeOf, roundedPath, sCurve, union } from "./curves";
import { type LevelLayout, mapPoints, type Path } from "./level-layout";
import type { EdgeEnd, Level, LevelEdge } from "./levels";
import type { Point, Rect } from "./placement";

/** Ratio of a level's width to the available width up to which the level is not wrapped. */
const TOLERANCE = 1.2;
/** Distance between two rows, for the arrows from one to the next. */
const ROW_GAP = 40;
const LANE = 5;
const LANES = 4;
const CORNER_DISTANCE = 16;
/** Ratio of a row's height to its highest column above which the columns are aligned. */
const MAX_ROW_SLACK = 1.25;

/** The columns from `first` to `last`, inclusive. */
interface Span {
  readonly first: number;
  readonly last: number;
}

interface Row extends Span {
  readonly top: number;
  readonly height: number;
  readonly dx: number;
  /** The downward offset of each column, from the first. */
  readonly dys: readonly number[];
}

/** Returns the level in rows of at most `room` px, if its boxes are narrow enough. */
export function wrapIntoRows(layout: LevelLayout, level: Level, room: number): LevelLayout {
  if (layout.width <= room * TOLERANCE) return layout;
  const columns = new Columns(layout);
  const spans = columns.rows(room);
  return spans.length < 2 ? layout : new RowWrapper(layout, level, columns, spans).result();
}

/** Columns: groups of boxes that overlap horizontally, from left to right. */
class Columns {
  readonly left: number[] = [];
  readonly right: number[] = [];
  readonly of = new Map<string, number>();

  constructor(layout: LevelLayout) {
    const boxes = [...layout.boxes].sort(([, one], [, other]) => one.x - other.x);
    for (const [id, box] of boxes) {
      const end = this.right.at(-1);
      if (end === undefined || box.x >= end) {
        this.left.push(box.x);
        this.right.push(box.x + box.width);
      } else this.right[this.right.length - 1] = Math.max(end, box.x + box.width);
      this.of.set(id, this.left.length - 1);
    }
  }

  rows(room: number): Span[] {
    const rows: Span[] = [];
    let open: Span | null = null;
    for (let column = 0; column < this.left.length; column += 1) {
      const grown: Span = { first: open?.first ?? column, last: column };
      if (open && this.width(grown) > room) {
        rows.push(open);
        open = { first: column, last: column };
      } else open = grown;
    }
    return open ? [...rows, open] : rows;
  }

  private width({ first, last }: Span): number {
    return (this.right[last] ?? 0) - (this.left[first] ?? 0);
  }
}

interface Ports {
  readonly ins: ReadonlyMap<string, Point>;
  readonly outs: ReadonlyMap<string, Point>;
}

class RowWrapper {
  private readonly rows: Row[];
  private readonly boxes = new Map<string, Rect>();
  private readonly width: number;
  private lane = 0;

  constructor(
    private readonly layout: LevelLayout,
    private readonly level: Level,
    private readonly columns: Columns,
    spans: readonly Span[],
  ) {
    this.rows = this.stack(spans);
    for (const [id, box] of layout.boxes) {
      const { x, y } = this.shift(this.column(id));
      this.boxes.set(id, { ...box, x: box.x + x, y: box.y + y });
    }
    this.width = union(this.boxes.values()).width;
  }

  result(): LevelLayout {
    const { boxes } = this;
    const ports = {
      ins: this.ports(this.layout.ins, 0, (edge) => edge.from),
      outs: this.ports(this.layout.outs, this.columns.left.length - 1, (edge) => edge.to),
    };
    const paths = new Map<string, Path>();
    for (const [key, path] of this.layout.paths) {
      const edge = this.level.edges.get(key);
      if (edge) paths.set(key, this.path(path, edge, ports));
    }
    const corners = [...paths.values()].flatMap(({ points, tip }) =>
      tip ? [...points, tip] : points,
    );
    const all = [...corners, ...ports.ins.values(), ...ports.outs.values()];
    const held = union([
      ...boxes.values(),
      ...all.map((point) => ({ ...point, width: 0, height: 0 })),
    ]);
    const whole = {
      width: held.width,
      height: held.height,
      boxes,
      ...ports,
      paths,
    };
    return mapPoints(whole, (point) => add(point, { x: -held.x, y: -held.y }));
  }

  /** Arranges the rows from top to bottom. */
  private stack(spans: readonly Span[]): Row[] {
    const rows: Row[] = [];
    let top = 0;
    for (const span of spans) {
      const columns: Rect[] = [];
      for (let column = span.first; column <= span.last; column += 1)
        columns.push(union(this.boxesIn(column)));
      const extent = union(columns);
      const height = Math.max(...columns.map((column) => column.height));
      // The height of a high frame in another row is not needed in this one.
      const level = extent.height > MAX_ROW_SLACK * height && this.isChain(span);
      const dys = columns.map((column) =>
        level ? top + (height - column.height) / 2 - column.y : top - extent.y,
      );
      const taken = level ? height : extent.height;
      rows.push({ ...span, top, height: taken, dx: -extent.x, dys });
      top += taken + ROW_GAP;
    }
    return rows;
  }

  private boxesIn(column: number): Rect[] {
    return [...this.layout.boxes]
      .filter(([id]) => this.column(id) === column)
      .map(([, box]) => box);
  }

  /** Whether columns of a row can be moved, because no arrow inside the row skips a column. */
  private isChain({ first, last }: Span): boolean {
    const count = this.columns.left.length;
    // Ports are before the first column and after the last.
    const [low, high] = [first === 0 ? -1 : first, last === count - 1 ? count : last];
    return [...this.level.edges.values()].every(({ from, to }) => {
      const [begin, end] = [this.columnOf(from, -1), this.columnOf(to, count)];
      const inside = begin >= low && begin <= high && end >= low && end <= high;
      return !inside || Math.abs(begin - end) <= 1;
    });
  }

  private column(id: string): number {
    return this.columns.of.get(id) ?? 0;
  }

  private columnOf(end: EdgeEnd, port: number): number {
    return end.child === null ? port : this.column(end.child);
  }

  private row(column: number): Row {
    return this.rows.find((row) => column <= row.last) ?? (this.rows.at(-1) as Row);
  }

  /** Returns the offset of a column. */
  private shift(column: number): Point {
    const row = this.row(column);
    return { x: row.dx, y: row.dys[column - row.first] ?? 0 };
  }

  /**
   * Returns the ports beside the first or the last column, at the height of a connected box.
   */
  private ports(
    ports: ReadonlyMap<string, Point>,
    column: number,
    side: (edge: LevelEdge) => EdgeEnd,
  ): Map<string, Point> {
    const shift = this.shift(column);
    const { top, height } = this.row(column);
    const placed = new Map<string, Point>();
    for (const [source, point] of ports) {
      const moved = add(point, shift);
      const inside = moved.y >= top && moved.y <= top + height;
      const y = inside ? moved.y : (this.portHeight(source, column, side) ?? top + height / 2);
      placed.set(source, { x: moved.x, y });
    }
    return placed;
  }

  /** Returns the height of a box that is connected with a port, in the same row. */
  private portHeight(
    source: string,
    column: number,
    side: (edge: LevelEdge) => EdgeEnd,
  ): number | undefined {
    for (const edge of this.level.edges.values()) {
      const port = side(edge);
      if (port.child !== null || port.port !== source) continue;
      const other = port === edge.from ? edge.to : edge.from;
      const box = other.child === null ? undefined : this.boxes.get(other.child);
      if (box && this.row(this.columnOf(other, column)) === this.row(column))
        return box.y + box.height / 2;
    }
    return undefined;
  }

  private path(path: Path, { from, to }: LevelEdge, ports: Ports): Path {
    const [begin, end] = [this.columnOf(from, 0), this.columnOf(to, this.columns.left.length - 1)];
    const [shift, other] = [this.shift(begin), this.shift(end)];
    const moved = {
      points: path.points.map((point) => add(point, shift)),
      tip: path.tip && add(path.tip, shift),
    };
    const arrow = path.tip !== null;
    const first = moved.points[0] as Point;
    const last = add(path.tip ?? (path.points.at(-1) as Point), other);
    const start = (from.child === null && ports.ins.get(from.port ?? "")) || first;
    const goal = (to.child === null && ports.outs.get(to.port ?? "")) || last;
    if (this.row(begin) === this.row(end)) {
      const still = shift.y === other.y && start.y === first.y && goal.y === last.y;
      return still ? moved : sCurve(start, goal, arrow);
    }
    if (from.child === null) return this.pathFromPort(start, goal, this.row(end), arrow);
    const out = rightEdgeOf(this.boxes.get(from.child), start);
    return this.pathBetweenRows(out, goal, this.row(begin), this.row(end), arrow);
  }

  /** Returns the path from a port at the left, down beside the rows in between, to the box. */
  private pathFromPort(start: Point, tip: Point, to: Row, arrow: boolean): Path {
    const shift = this.nextLane();
    const left = Math.min(start.x, 0) - CORNER_DISTANCE - shift;
    return this.pathAround(
      start,
      tip,
      left,
      Math.max(left, tip.x - CORNER_DISTANCE - shift),
      to,
      arrow,
    );
  }

  /** Returns the path out to the right, down beside the rows in between, and back to the box. */
  private pathBetweenRows(start: Point, tip: Point, from: Row, to: Row, arrow: boolean): Path {
    const shift = this.nextLane();
    const next = this.rows.indexOf(to) - this.rows.indexOf(from) === 1;
    const out = (next ? start.x : Math.max(this.width, start.x)) + CORNER_DISTANCE + shift;
    return this.pathAround(start, tip, out, tip.x - CORNER_DISTANCE - shift, to, arrow);
  }

  /** Returns the offset of the next lane; parallel arrows use different lanes. */
  private nextLane(): number {
    this.lane = (this.lane + 1) % LANES;
    return this.lane * LANE;
  }

  /** Returns the path down along a lane, above the row to another lane, and along it to the tip. */
  private pathAround(
    start: Point,
    tip: Point,
    first: number,
    second: number,
    to: Row,
    arrow: boolean,
  ): Path {
    const gutter = to.top - ROW_GAP / 2 - LANE + this.lane * LANE;
    const stops = [
      start,
      { x: first, y: start.y },
      { x: first, y: gutter },
      { x: second, y: gutter },
      { x: second, y: tip.y },
      { x: arrow ? tip.x - CORNER : tip.x, y: tip.y },
    ];
    return { points: roundedPath(stops), tip: arrow ? tip : null };
  }
}
