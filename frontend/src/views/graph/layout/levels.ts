/**
 * Divides a visible graph into levels: the sheet, and the inside of each open module.
 *
 * An edge between two levels passes through a port in every frame that it crosses. All edges of a
 * source share a port, so that they coincide until they branch.
 */

import type { VisibleEdge, VisibleGraph } from "../model/visible-graph";

/** The start or the end of an edge in a level. */
export interface EdgeEnd {
  /** A box or frame of the level; null for a port of the frame around the level. */
  readonly child: string | null;
  /** The port, by the source of its edges; null for a box. */
  readonly port: string | null;
}

export interface LevelEdge {
  readonly key: string;
  readonly from: EdgeEnd;
  readonly to: EdgeEnd;
  readonly edge: VisibleEdge;
}

export interface Level {
  /** The open module; null for the sheet. */
  readonly id: string | null;
  /** Boxes and frames directly in it, in the order of execution. */
  readonly children: string[];
  readonly edges: Map<string, LevelEdge>;
  /** Ports, by the sources of incoming and of outgoing edges. */
  readonly ins: Set<string>;
  readonly outs: Set<string>;
}

/** A segment of the route of an edge, inside a level. */
export interface RouteSegment {
  readonly level: string | null;
  readonly key: string;
}

export class Levels {
  private readonly levels = new Map<string | null, Level>();
  private readonly parents: ReadonlyMap<string, string | null>;
  /** The segments of each edge, from its source to its target. */
  readonly segments = new Map<VisibleEdge, readonly RouteSegment[]>();

  constructor(visible: VisibleGraph, edges: readonly VisibleEdge[]) {
    const containers = visible.containers.map((each) => [each.id, each.container] as const);
    const items = visible.items.map((each) => [each.id, each.container] as const);
    this.parents = new Map([...containers, ...items]);
    const frames = new Set(visible.containers.map((each) => each.id));
    const placed = new Set<string>();
    // A frame has the position of its first box in the order.
    for (const item of visible.items) {
      for (const id of [...this.framesAround(item.id), item.id]) {
        if (placed.has(id)) continue;
        placed.add(id);
        this.level(this.parents.get(id) ?? null).children.push(id);
        if (frames.has(id)) this.level(id);
      }
    }
    for (const edge of edges) this.segments.set(edge, this.route(edge));
  }

  level(id: string | null): Level {
    const known = this.levels.get(id);
    if (known) return known;
    const made = { id, children: [], edges: new Map(), ins: new Set(), outs: new Set() } as Level;
    this.levels.set(id, made);
    return made;
  }

  isFrame(id: string): boolean {
    return this.levels.has(id);
  }

  /** Returns the enclosing frames of a box or frame, outermost first. */
  private framesAround(id: string): string[] {
    const frames: string[] = [];
    for (let at = this.parents.get(id) ?? null; at !== null; at = this.parents.get(at) ?? null)
      frames.unshift(at);
    return frames;
  }

  private route(edge: VisibleEdge): readonly RouteSegment[] {
    const { source, target } = edge;
    const from = [...this.framesAround(source), source];
    const to = [...this.framesAround(target), target];
    let shared = 0;
    while (from[shared] === to[shared]) shared += 1;
    const end = (path: readonly string[], depth: number): EdgeEnd => {
      const child = path[depth] ?? null;
      return { child, port: depth < path.length - 1 ? source : null };
    };
    const border: EdgeEnd = { child: null, port: source };
    const segments: RouteSegment[] = [];
    for (let depth = from.length - 1; depth > shared; depth -= 1) {
      const frame = from[depth - 1] ?? null;
      this.level(frame).outs.add(source);
      segments.push(this.addEdge(frame, end(from, depth), border, edge));
    }
    segments.push(this.addEdge(from[shared - 1] ?? null, end(from, shared), end(to, shared), edge));
    for (let depth = shared + 1; depth < to.length; depth += 1) {
      const frame = to[depth - 1] ?? null;
      this.level(frame).ins.add(source);
      segments.push(this.addEdge(frame, border, end(to, depth), edge));
    }
    return segments;
  }

  private addEdge(
    level: string | null,
    from: EdgeEnd,
    to: EdgeEnd,
    edge: VisibleEdge,
  ): RouteSegment {
    const key = JSON.stringify([from.child, to.child, from.port ?? to.port]);
    const { edges } = this.level(level);
    if (!edges.has(key)) edges.set(key, { key, from, to, edge });
    return { level, key };
  }
}
