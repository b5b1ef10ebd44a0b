/**
 * Writes what is to be drawn as Graphviz's DOT.
 *
 * Only names made here (`n0`, `cluster_1`) and numbers go in: no text of the
 * person's, so there is nothing to escape. Sizes are in px; Graphviz takes a
 * point for a px.
 */

import type { Container, Item, VisibleGraph } from "./fold";
import type { Size } from "./measure";

export type Direction = "LR" | "TB";

/** A DOT source, and what each of its names stands for. */
export interface DotSource {
  readonly text: string;
  /** `nodes[3]` is the id of the item that is called `n3`. */
  readonly nodes: readonly string[];
  /** `clusters[2]` is the id of the container that is called `cluster_2`. */
  readonly clusters: readonly string[];
}

const POINTS_PER_INCH = 72;

/**
 * `apart` has everything in a module begin after what goes into it; else its parameters may stand
 * beside an earlier module.
 */
export function dotSource(
  visible: VisibleGraph,
  sizes: ReadonlyMap<string, Size>,
  direction: Direction,
  apart = false,
): DotSource {
  const nodes = visible.items.map((item) => item.id);
  const clusters = visible.containers.map((container) => container.id);
  const names = new Map(nodes.map((id, index) => [id, `n${index}`]));
  const lines = [
    "digraph {",
    `graph [rankdir=${direction} newrank=${apart} nodesep=0.28 ranksep=${direction === "LR" ? 0.5 : 0.42}]`,
    'node [shape=box fixedsize=true label=""]',
    "edge [arrowsize=0.7]",
    ...contents(null, visible, sizes),
  ];
  const parameters = new Set(
    visible.items.filter((item) => item.kind === "parameter").map((item) => item.id),
  );
  for (const edge of visible.edges) {
    // The heavier an edge, the straighter: the data's way first, then the parameters'.
    const weight = edge.shared ? 0 : parameters.has(edge.source) ? 1 : 6;
    // The way back to a pass's beginning must not turn the pass around.
    const how = edge.loop ? "constraint=false" : `weight=${weight}`;
    lines.push(`${names.get(edge.source)} -> ${names.get(edge.target)} [${how}]`);
  }
  if (apart) {
    for (const [before, after] of orderings(visible))
      lines.push(`${names.get(before)} -> ${names.get(after)} [style=invis weight=0]`);
  }
  lines.push("}");
  return { text: lines.join("\n"), nodes, clusters };
}

/** What goes into a module, and each box in it that nothing within it leads to. */
function orderings(visible: VisibleGraph): readonly (readonly [string, string])[] {
  const parents = new Map(visible.containers.map((each) => [each.id, each.container]));
  const homes = new Map(visible.items.map((item) => [item.id, item.container]));
  const fed = new Set(visible.edges.map((edge) => edge.target));
  const entering = new Map<string, Set<string>>();
  for (const { source, target, loop } of visible.edges) {
    if (loop || !fed.has(source)) continue;
    const around = new Set(chain(homes.get(source) ?? null, parents));
    for (const frame of chain(homes.get(target) ?? null, parents))
      if (!around.has(frame)) entering.set(frame, (entering.get(frame) ?? new Set()).add(source));
  }
  return visible.items
    .filter((item) => item.container !== null && !fed.has(item.id))
    .flatMap((item) => {
      const sources = entering.get(item.container ?? "") ?? [];
      return [...sources].map((source) => [source, item.id] as const);
    });
}

/** A frame and those around it. */
function chain(frame: string | null, parents: ReadonlyMap<string, string | null>): string[] {
  const frames: string[] = [];
  for (let at = frame; at !== null; at = parents.get(at) ?? null) frames.push(at);
  return frames;
}

/** The lines for what stands directly in a container; null is the sheet itself. */
function contents(
  around: string | null,
  visible: VisibleGraph,
  sizes: ReadonlyMap<string, Size>,
): string[] {
  const lines: string[] = [];
  visible.items.forEach((item, index) => {
    if (item.container === around) lines.push(nodeLine(item, index, sizes));
  });
  visible.containers.forEach((container, index) => {
    if (container.container !== around) return;
    lines.push(`subgraph cluster_${index} {`, frameLine(container, sizes));
    lines.push(...contents(container.id, visible, sizes), "}");
  });
  return lines;
}

function nodeLine(item: Item, index: number, sizes: ReadonlyMap<string, Size>): string {
  const { width, height } = sizeOf(item.id, sizes);
  return `n${index} [width=${inches(width)} height=${inches(height)}]`;
}

/** An empty table as the label keeps room for the frame's title bar. */
function frameLine(container: Container, sizes: ReadonlyMap<string, Size>): string {
  const { width, height } = sizeOf(container.id, sizes);
  const fixed = `FIXEDSIZE="TRUE" WIDTH="${Math.ceil(width)}" HEIGHT="${Math.ceil(height)}"`;
  const table = `<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" ${fixed}>`;
  return `graph [margin=14 labelloc=t label=<${table}<TR><TD></TD></TR></TABLE>>]`;
}

function sizeOf(id: string, sizes: ReadonlyMap<string, Size>): Size {
  const size = sizes.get(id);
  if (!size) throw new Error(`no size was given for ${id}`);
  return size;
}

function inches(px: number): string {
  return (px / POINTS_PER_INCH).toFixed(4);
}
