/**
 * Folds a long row of boxes into several rows, as a text is folded into lines.
 *
 * A layout from left to right of a deep chain is so wide that nothing in it can
 * be read. It is cut between its columns; a module that is cut gets rows of its
 * own, so that its frame holds nothing but what is inside it.
 */

import type { VisibleGraph } from "./fold";
import { MODULE_PADDING, TITLE_BAR } from "./measure";
import type { Placement, Point, Rect, Route } from "./placement";

/** A picture up to this much wider than its room stays as it is. */
const TOLERANCE = 1.2;
/** Room between two rows, for the arrows that go from one to the next. */
const ROW_GAP = 40;
const LANE = 5;
const LANES = 4;
const ELBOW = 16;
const CORNER = 8;

/** Columns `first` to `last`, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

interface Row extends Span {
  readonly dx: number;
  readonly dy: number;
  readonly top: number;
}

/** The same picture in rows no wider than `room` px where its modules allow that. */
export function wrapped(placement: Placement, visible: VisibleGraph, room: number): Placement {
  if (placement.bounds.width <= room * TOLERANCE) return placement;
  const columns = new Columns(placement, visible);
  const spans = columns.rows(room);
  if (spans.length < 2) return placement;
  return new Folding(placement, visible, columns, spans).result();
}

/** Whether modules that stand side by side reach into each other's columns, so that no cut parts them. */
export function entangled(placement: Placement, visible: VisibleGraph, room: number): boolean {
  if (placement.bounds.width <= room * TOLERANCE) return false;
  const spans = [...new Columns(placement, visible).spans.values()];
  return spans.some((one) =>
    spans.some(
      (other) => one.first < other.first && other.first <= one.last && one.last < other.last,
    ),
  );
}

/** Groups of boxes that no vertical line separates, from left to right. */
class Columns {
  readonly left: number[] = [];
  readonly right: number[] = [];
  readonly ofItem = new Map<string, number>();
  /** What each open module covers. */
  readonly spans = new Map<string, Span>();

  constructor(placement: Placement, visible: VisibleGraph) {
    const boxes = visible.items
      .map((item) => ({ item, box: placement.boxes.get(item.id) }))
      .filter((each): each is { item: typeof each.item; box: Rect } => each.box !== undefined)
      .sort((one, other) => one.box.x - other.box.x);
    for (const { item, box } of boxes) {
      const end = this.right.at(-1);
      if (end === undefined || box.x >= end) {
        this.left.push(box.x);
        this.right.push(box.x + box.width);
      } else this.right[this.right.length - 1] = Math.max(end, box.x + box.width);
      this.ofItem.set(item.id, this.left.length - 1);
    }
    const parents = new Map(visible.containers.map((each) => [each.id, each.container]));
    for (const item of visible.items) {
      const column = this.ofItem.get(item.id);
      let around = item.container;
      while (column !== undefined && around !== null) {
        const known = this.spans.get(around) ?? { first: column, last: column };
        const first = Math.min(known.first, column);
        this.spans.set(around, { first, last: Math.max(known.last, column) });
        around = parents.get(around) ?? null;
      }
    }
  }

  rows(room: number): Span[] {
    return this.left.length === 0
      ? []
      : this.arrange({ first: 0, last: this.left.length - 1 }, room);
  }

  private width({ first, last }: Span): number {
    return (this.right[last] ?? 0) - (this.left[first] ?? 0);
  }

  private arrange(whole: Span, room: number): Span[] {
    if (this.width(whole) <= room) return [whole];
    const rows: Span[] = [];
    let open: Span | null = null;
    const units = this.units(whole);
    if (units.length < 2) return [whole];
    for (const unit of units) {
      const grown: Span = open ? { first: open.first, last: unit.last } : unit;
      if (this.width(grown) <= room) {
        open = grown;
        continue;
      }
      if (open) rows.push(open);
      open = unit;
      if (this.width(unit) > room && unit.last > unit.first) {
        rows.push(...this.arrange(unit, room));
        open = null;
      }
    }
    return open ? [...rows, open] : rows;
  }

  /** What may not be parted without need: modules, and columns outside of them. */
  private units(whole: Span): Span[] {
    const inner = [...this.spans.values()].filter(
      (span) =>
        span.first >= whole.first &&
        span.last <= whole.last &&
        span.last - span.first < whole.last - whole.first,
    );
    const units: Span[] = [];
    for (let column = whole.first; column <= whole.last; column += 1) {
      let last = column;
      for (const span of inner) {
        if (span.first <= last && span.last > last && span.last >= column) last = span.last;
      }
      units.push({ first: column, last: Math.min(last, whole.last) });
      column = last;
    }
    return units;
  }
}

class Folding {
  private readonly rows: Row[];
  /** Modules that stand in more than one row. */
  private readonly cut: ReadonlySet<string>;
  private lane = 0;

  constructor(
    private readonly placement: Placement,
    private readonly visible: VisibleGraph,
    private readonly columns: Columns,
    spans: readonly Span[],
  ) {
    const rowOf = (column: number) => spans.findIndex((span) => column <= span.last);
    this.cut = new Set(
      [...columns.spans]
        .filter(([, span]) => rowOf(span.first) !== rowOf(span.last))
        .map(([id]) => id),
    );
    this.rows = this.stack(spans);
  }

  result(): Placement {
    const boxes = this.boxes();
    const routes = this.placement.routes.map((route) => this.route(route, boxes));
    return { bounds: boundsOf(boxes.values(), routes), boxes, routes };
  }

  /** Sets the rows one below the other, with room for the frames that are cut. */
  private stack(spans: readonly Span[]): Row[] {
    const rows: Row[] = [];
    let below = 0;
    for (const span of spans) {
      const extent = this.extent(span);
      const around = [...this.cut].map((id) => this.columns.spans.get(id) as Span);
      const begun = around.filter((each) => each.first === span.first).length;
      const ended = around.filter((each) => each.last === span.last).length;
      const depth = around.filter((each) => each.first <= span.first && each.last >= span.last);
      const top = below + begun * (TITLE_BAR + MODULE_PADDING);
      rows.push({
        ...span,
        top,
        dx: depth.length * MODULE_PADDING - extent.x,
        dy: top - extent.y,
      });
      below = top + extent.height + ended * MODULE_PADDING + ROW_GAP;
    }
    return rows;
  }

  /** What a row's boxes and whole frames cover. */
  private extent({ first, last }: Span): Rect {
    const rects: Rect[] = [];
    for (const item of this.visible.items) {
      const column = this.columns.ofItem.get(item.id) ?? -1;
      const box = this.placement.boxes.get(item.id);
      if (box && column >= first && column <= last) rects.push(box);
    }
    for (const [id, span] of this.columns.spans) {
      const frame = this.placement.boxes.get(id);
      if (frame && !this.cut.has(id) && span.first >= first && span.last <= last) rects.push(frame);
    }
    return union(rects);
  }

  private rowOf(column: number): Row {
    return this.rows.find((row) => column <= row.last) ?? (this.rows.at(-1) as Row);
  }

  private boxes(): Map<string, Rect> {
    const boxes = new Map<string, Rect>();
    for (const [id, box] of this.placement.boxes) {
      const column = this.columns.ofItem.get(id) ?? this.columns.spans.get(id)?.first;
      if (column === undefined || this.cut.has(id)) continue;
      const { dx, dy } = this.rowOf(column);
      boxes.set(id, { ...box, x: box.x + dx, y: box.y + dy });
    }
    // Inner frames first, since a frame encloses the frames in it.
    for (const { id } of [...this.visible.containers].reverse()) {
      if (!this.cut.has(id)) continue;
      const inside = [...this.visible.items, ...this.visible.containers]
        .filter((each) => each.container === id)
        .map((each) => boxes.get(each.id))
        .filter((box): box is Rect => box !== undefined);
      const held = union(inside);
      boxes.set(id, {
        x: held.x - MODULE_PADDING,
        y: held.y - TITLE_BAR - MODULE_PADDING / 2,
        width: held.width + 2 * MODULE_PADDING,
        height: held.height + TITLE_BAR + MODULE_PADDING * 1.5,
      });
    }
    return boxes;
  }

  private route(route: Route, boxes: ReadonlyMap<string, Rect>): Route {
    const from = this.rowOf(this.columns.ofItem.get(route.source) ?? 0);
    const to = this.rowOf(this.columns.ofItem.get(route.target) ?? 0);
    const source = boxes.get(route.source);
    const target = boxes.get(route.target);
    if (from === to || !source || !target) {
      const move = (point: Point) => ({ x: point.x + from.dx, y: point.y + from.dy });
      return { ...route, points: route.points.map(move), tip: move(route.tip) };
    }
    return { ...route, ...this.between(source, target, from, to, boxes) };
  }

  /** Out to the right, down beside the rows in between, back to the left, and in. */
  private between(
    source: Rect,
    target: Rect,
    from: Row,
    to: Row,
    boxes: ReadonlyMap<string, Rect>,
  ): { points: Point[]; tip: Point } {
    this.lane = (this.lane + 1) % LANES;
    const shift = this.lane * LANE;
    const next = this.rows.indexOf(to) - this.rows.indexOf(from) === 1;
    const rightmost = next ? source.x + source.width : boundsOf(boxes.values(), []).width;
    const start = { x: source.x + source.width, y: source.y + source.height / 2 };
    const tip = { x: target.x, y: target.y + target.height / 2 };
    const out = rightmost + ELBOW + shift;
    const gutter = to.top - ROW_GAP / 2 - LANE + shift;
    const back = target.x - ELBOW - shift;
    const stops = [
      start,
      { x: out, y: start.y },
      { x: out, y: gutter },
      { x: back, y: gutter },
      { x: back, y: tip.y },
      { x: tip.x - CORNER, y: tip.y },
    ];
    return { points: rounded(stops), tip };
  }
}

/** A way along straight pieces as cubic curves, its corners rounded. */
function rounded(stops: readonly Point[]): Point[] {
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
    const before = toward(corner, here, reach);
    points.push(here, before, before);
    here = before;
    if (!after) return;
    const beyond = toward(corner, after, reach);
    points.push(corner, corner, beyond);
    here = beyond;
  });
  return points;
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function toward(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return {
    x: from.x + ((to.x - from.x) * length) / whole,
    y: from.y + ((to.y - from.y) * length) / whole,
  };
}

function union(rects: Iterable<Rect>): Rect {
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

function boundsOf(boxes: Iterable<Rect>, routes: Iterable<Route>): Rect {
  const points = [...routes].flatMap((route) => [...route.points, route.tip]);
  return union([...boxes, ...points.map((point) => ({ ...point, width: 0, height: 0 }))]);
}
