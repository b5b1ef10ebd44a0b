/** Gathers what the side panel shows of a box or a frame. */

import type { GraphNode } from "../../../protocol";
import type { Thing } from "../drawing/scene";
import type { Fact } from "../model/labels";
import type { Contents } from "../model/shown-graph";
import type { VisibleEdge } from "../model/visible-graph";
import { shapeText } from "../structure/text";
import type { Subject } from "./details-panel";

const MAX_TENSORS = 12;
const OF_PARAMETERS = "The values are not known: the model is gone, or is not on this kernel.";
const OF_OPERATIONS =
  "The values of operations are read by lk.graph(model, x), and shown one by one by lk.stepper.";

export function subjectOf(
  thing: Thing,
  contents: Contents,
  edges: readonly VisibleEdge[],
  facts: readonly Fact[],
): Subject {
  const { labels } = contents;
  const node = thing.type === "item" && thing.item.kind !== "module" ? thing.item.node : null;
  const module = thing.type === "container" ? thing.container.module : null;
  const id = thing.type === "item" ? thing.item.id : thing.container.id;
  const label = module
    ? labels.ofModule(module)
    : thing.type === "item"
      ? labels.ofItem(thing.item)
      : null;
  const title = node?.kind === "parameter" ? (node.parameters[0] ?? node.op) : (label?.title ?? id);
  return {
    id,
    title,
    facts,
    inspected: node && inspectedAs(node, contents),
    without: node?.kind === "op" ? OF_OPERATIONS : OF_PARAMETERS,
    inputs: tensors(
      edges.filter((edge) => edge.target === id),
      (edge) => edge.source,
      contents,
    ),
    outputs: tensors(
      edges.filter((edge) => edge.source === id),
      (edge) => edge.target,
      contents,
    ),
  };
}

function inspectedAs(node: GraphNode, contents: Contents): string | null {
  if (node.kind === "parameter") return node.parameters[0] ?? null;
  return node.kind === "op" ? contents.wholeOf(node.id) : null;
}

function tensors(
  edges: readonly VisibleEdge[],
  other: (edge: VisibleEdge) => string,
  contents: Contents,
): readonly Fact[] {
  const facts = edges.slice(0, MAX_TENSORS).map((edge): Fact => {
    const shape = [shapeText(edge.shape), edge.dtype ?? ""].filter(Boolean).join(" ");
    return [contents.wordsFor(other(edge)), shape || "not known"];
  });
  const rest = edges.length - facts.length;
  return rest > 0 ? [...facts, ["and", `${rest} more`]] : facts;
}
