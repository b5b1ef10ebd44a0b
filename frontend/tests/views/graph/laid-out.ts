/** Lays out graphs like the page, without a worker. */

import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { Composer } from "../../../src/views/graph/layout/compose";
import type { RankDirection } from "../../../src/views/graph/layout/dot";
import { Levels } from "../../../src/views/graph/layout/levels";
import type { Placement, Rect } from "../../../src/views/graph/layout/placement";
import { type VisibleGraph, visibleGraph } from "../../../src/views/graph/model/visible-graph";
import type { Sample } from "./sample";

export const SIZE = { width: 100, height: 30 };

export interface LaidOut {
  readonly visible: VisibleGraph;
  readonly placement: Placement;
  /** The DOT source of each level that was laid out, innermost first. */
  readonly sources: readonly string[];
}

export async function laidOut(
  sample: Sample,
  open: ReadonlySet<string>,
  direction: RankDirection,
  room = Number.POSITIVE_INFINITY,
): Promise<LaidOut> {
  const graphviz = await Graphviz.load();
  const visible = visibleGraph(sample.graph(), open);
  const sizes = new Map(
    [...visible.items, ...visible.containers].map(({ id }) => [id, SIZE] as const),
  );
  const sources: string[] = [];
  const layOut = async (dot: string) => {
    sources.push(dot);
    return graphviz.layout(dot, "json", "dot");
  };
  const levels = new Levels(visible, visible.edges);
  const composer = new Composer(visible, levels, sizes, direction, room, layOut);
  return { visible, placement: await composer.placement(), sources };
}

export function rect(placement: Placement, id: string): Rect {
  const box = placement.boxes.get(id);
  if (!box) throw new Error(`${id} was not placed`);
  return box;
}

export function holds(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

export function overlap(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
