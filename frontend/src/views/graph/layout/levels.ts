/**
 * Parts what is to be drawn into levels: the sheet, and the inside of each open module.
 *
 * An edge between two levels goes through a port in every frame that it crosses. All edges of one
 * source share a port, so that they are one line up to where they part.
 */

import type { VisibleEdge, VisibleGraph } from "../model/visible-graph";

/** Where an edge of a level begins or ends. */
export interface End {
  /** A box or frame of the level; null for a port of the level's own frame. */
  readonly child: string | null;
  /** The port there, named by the edge's source; null for a box. */
  readonly port: string | null;
}

export interface LevelEdge {
  readonly key: string;
  readonly from: End;
  readonly to: End;
  readonly edge: VisibleEdge;
}

export interface Level {
  /** The open module; null for the sheet. */
  readonly id: string | null;
  /** Boxes and frames that stand directly in it, in the order of execution. */
  readonly children: string[];
  readonly edges: Map<string, LevelEdge>;
  /** Ports by the sources whose tensors come in, and go out. */
  readonly ins: Set<string>;
  readonly outs: Set<string>;
}

/** A part of an edge's way: which edge of which level. */
export interface Leg {
  readonly level: string | null;
  readonly key: string;
}

export class Levels {
  private readonly levels = new Map<string | null, Level>();
  private readonly parents: ReadonlyMap<string, string | null>;
  /** The legs of each edge, from its source to its target. */
  readonly ways = new Map<VisibleEdge, readonly Leg[]>();

  constructor(visible: VisibleGraph, edges: readonly VisibleEdge[]) {
    const containers = visible.containers.map((each) => [each.id, each.container] as const);
    const items = visible.items.map((each) => [each.id, each.container] as const);
    this.parents = new Map([...containers, ...items]);
    const frames = new Set(visible.containers.map((each) => each.id));
    const placed = new Set<string>();
    // A frame stands where the first of what is in it stands.
    for (const item of visible.items) {
      for (const id of [...this.around(item.id), item.id]) {
        if (placed.has(id)) continue;
        placed.add(id);
        this.level(this.parents.get(id) ?? null).children.push(id);
        if (frames.has(id)) this.level(id);
      }
    }
    for (const edge of edges) this.ways.set(edge, this.lead(edge));
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

  /** The frames around something, outermost first. */
  private around(id: string): string[] {
    const frames: string[] = [];
    for (let at = this.parents.get(id) ?? null; at !== null; at = this.parents.get(at) ?? null)
      frames.unshift(at);
    return frames;
  }

  private lead(edge: VisibleEdge): readonly Leg[] {
    const { source, target } = edge;
    const from = [...this.around(source), source];
    const to = [...this.around(target), target];
    let shared = 0;
    while (from[shared] === to[shared]) shared += 1;
    const end = (path: readonly string[], depth: number): End => {
      const child = path[depth] ?? null;
      return { child, port: depth < path.length - 1 ? source : null };
    };
    const border: End = { child: null, port: source };
    const legs: Leg[] = [];
    for (let depth = from.length - 1; depth > shared; depth -= 1) {
      const frame = from[depth - 1] ?? null;
      this.level(frame).outs.add(source);
      legs.push(this.add(frame, end(from, depth), border, edge));
    }
    legs.push(this.add(from[shared - 1] ?? null, end(from, shared), end(to, shared), edge));
    for (let depth = shared + 1; depth < to.length; depth += 1) {
      const frame = to[depth - 1] ?? null;
      this.level(frame).ins.add(source);
      legs.push(this.add(frame, border, end(to, depth), edge));
    }
    return legs;
  }

  private add(level: string | null, from: End, to: End, edge: VisibleEdge): Leg {
    const key = JSON.stringify([from.child, to.child, from.port ?? to.port]);
    const { edges } = this.level(level);
    if (!edges.has(key)) edges.set(key, { key, from, to, edge });
    return { level, key };
  }
}
