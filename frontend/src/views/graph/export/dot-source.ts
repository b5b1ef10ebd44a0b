/** The visible graph as readable Graphviz source. */

import { visibleText } from "../../../parts/visible-text";
import type { Labels } from "../model/labels";
import type { VisibleGraph } from "../model/visible-graph";

export function dotText(visible: VisibleGraph, labels: Labels): string {
  const lines = [
    "digraph {",
    "  node [shape=box style=rounded]",
    ...inside(null, visible, labels, 1),
  ];
  const numbers = new Map(visible.items.map((item, number) => [item.id, number]));
  for (const edge of visible.edges) {
    const style = edge.loop || edge.shared ? " [style=dashed]" : "";
    lines.push(`  n${numbers.get(edge.source)} -> n${numbers.get(edge.target)}${style}`);
  }
  return [...lines, "}"].join("\n");
}

function inside(
  around: string | null,
  visible: VisibleGraph,
  labels: Labels,
  depth: number,
): string[] {
  const indent = "  ".repeat(depth);
  const lines: string[] = [];
  visible.items.forEach((item, number) => {
    if (item.container !== around) return;
    const { title, subtitle } = labels.ofItem(item);
    lines.push(`${indent}n${number} [label=${quoted([title, subtitle])}]`);
  });
  visible.containers.forEach((container, number) => {
    if (container.container !== around) return;
    const { title, subtitle } = labels.ofModule(container.module);
    lines.push(
      `${indent}subgraph cluster_${number} {`,
      `${indent}  label=${quoted([`${title} ${subtitle}`])}`,
      ...inside(container.id, visible, labels, depth + 1),
      `${indent}}`,
    );
  });
  return lines;
}

function quoted(lines: readonly string[]): string {
  const escaped = lines
    .filter(Boolean)
    .map((line) => visibleText(line.trim()).replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  return `"${escaped.join("\\n")}"`;
}
