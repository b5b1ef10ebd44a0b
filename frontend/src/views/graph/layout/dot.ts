/**
 * Writes a level as DOT source for Graphviz.
 *
 * It contains only generated names (`n0`, `i1`, `o2`) and numbers, so nothing needs escaping. Sizes
 * are in px, which equal points here.
 */

import type { EdgeEnd, Level, LevelEdge } from "./levels";
import type { Size } from "./measure";

export type RankDirection = "LR" | "TB";

/** A box or frame of a level: its size, and the positions of its ports on its sides, in px. */
export interface LevelBox extends Size {
  readonly ins: ReadonlyMap<string, number>;
  readonly outs: ReadonlyMap<string, number>;
}

/** DOT source, and the meaning of its names. */
export interface DotSource {
  readonly text: string;
  /** Ids of the boxes and frames; `children[3]` is `n3` in the source. */
  readonly children: readonly string[];
  /** Sources of the ports `i0`, `i1`, ... and `o0`, `o1`, ... */
  readonly ins: readonly string[];
  readonly outs: readonly string[];
  /** `edges[2]` has the id 2 in the source. */
  readonly edges: readonly LevelEdge[];
}

const POINTS_PER_INCH = 72;
const PORT = 'shape=point width=0.01 height=0.01 label=""';
/** Length of a port on its side, in px. */
const PORT_LENGTH = 2;

/** `parameters` are the boxes whose edges have a lower weight. */
export function dotSource(
  level: Level,
  boxes: ReadonlyMap<string, LevelBox>,
  parameters: ReadonlySet<string>,
  direction: RankDirection,
): DotSource {
  const source = {
    children: level.children,
    ins: [...level.ins],
    outs: [...level.outs],
    edges: [...level.edges.values()],
  };
  const names = new Map(level.children.map((id, index) => [id, `n${index}`]));
  const lines = [
    "digraph {",
    `graph [rankdir=${direction} nodesep=0.28 ranksep=${direction === "LR" ? 0.5 : 0.42}]`,
    'node [shape=box fixedsize=true label=""]',
    "edge [arrowsize=0.7]",
    ...level.children.map((id, index) => `n${index} ${shape(boxOf(id, boxes), direction)}`),
    ...rank("source", "i", source.ins.length),
    ...rank("sink", "o", source.outs.length),
  ];
  const along = direction === "LR" ? (["w", "e"] as const) : (["n", "s"] as const);
  const name = (end: EdgeEnd, side: "i" | "o"): string => {
    const port = end.port ?? "";
    if (end.child === null)
      return side === "o" ? `i${source.ins.indexOf(port)}` : `o${source.outs.indexOf(port)}`;
    const own = names.get(end.child) ?? "";
    if (end.port === null) return own;
    const ports = boxOf(end.child, boxes)[side === "i" ? "ins" : "outs"];
    return `${own}:${side}${[...ports.keys()].indexOf(port)}:${along[side === "i" ? 0 : 1]}`;
  };
  source.edges.forEach(({ from, to, edge }, index) => {
    // Graphviz draws edges with a higher weight straighter.
    const weight = edge.shared ? 0 : parameters.has(edge.source) ? 1 : 6;
    // The edge back to the start of a pass must not affect the order of the boxes.
    const how = edge.loop ? "constraint=false" : `weight=${weight}`;
    const head = to.port === null ? "" : " dir=none";
    lines.push(`${name(from, "o")} -> ${name(to, "i")} [id=${index} ${how}${head}]`);
  });
  lines.push("}");
  return { text: lines.join("\n"), ...source };
}

function boxOf(id: string, boxes: ReadonlyMap<string, LevelBox>): LevelBox {
  const found = boxes.get(id);
  if (!found) throw new Error(`no size was given for ${id}`);
  return found;
}

function rank(which: "source" | "sink", letter: string, count: number): string[] {
  if (count === 0) return [];
  const names = Array.from({ length: count }, (_, index) => `${letter}${index}`);
  return [...names.map((each) => `${each} [${PORT}]`), `{rank=${which} ${names.join(" ")}}`];
}

/** Returns a box, or a table whose outer cells are the ports. */
function shape(box: LevelBox, direction: RankDirection): string {
  const { width, height, ins, outs } = box;
  if (ins.size + outs.size === 0) return `[width=${inches(width)} height=${inches(height)}]`;
  const across = direction === "LR";
  const length = across ? height : width;
  const depth = (across ? width : height) - 2;
  const [first, last] = [cells("i", ins, length, across), cells("o", outs, length, across)];
  const middle = cell(across ? depth : length, across ? length : depth, "");
  const rows = across
    ? `<TR><TD>${first}</TD>${middle}<TD>${last}</TD></TR>`
    : `<TR><TD>${first}</TD></TR><TR>${middle}</TR><TR><TD>${last}</TD></TR>`;
  return `[shape=plain fixedsize=false label=<${table(rows)}>]`;
}

function cells(
  letter: string,
  ports: ReadonlyMap<string, number>,
  length: number,
  across: boolean,
): string {
  const one = (size: number, port: string) => cell(across ? 1 : size, across ? size : 1, port);
  const ordered = [...ports.values()]
    .map((place, index) => ({ place, index }))
    .sort((some, other) => some.place - other.place);
  const made: string[] = [];
  let at = 0;
  for (const { place, index } of ordered) {
    const start = Math.max(at, Math.round(place - PORT_LENGTH / 2));
    if (start > at) made.push(one(start - at, ""));
    made.push(one(PORT_LENGTH, ` PORT="${letter}${index}"`));
    at = start + PORT_LENGTH;
  }
  if (Math.round(length) > at) made.push(one(Math.round(length) - at, ""));
  const rows = across ? made.map((each) => `<TR>${each}</TR>`) : [`<TR>${made.join("")}</TR>`];
  return table(rows.join(""));
}

function cell(width: number, height: number, port: string): string {
  const size = `WIDTH="${Math.max(1, Math.round(width))}" HEIGHT="${Math.max(1, Math.round(height))}"`;
  return `<TD FIXEDSIZE="TRUE" ${size}${port}></TD>`;
}

function table(rows: string): string {
  return `<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0">${rows}</TABLE>`;
}

function inches(px: number): string {
  return (px / POINTS_PER_INCH).toFixed(4);
}
