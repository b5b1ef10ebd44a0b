/** Collects the content of the details panel for a box or a frame. */

import type { GraphNode } from "../../../messages/graph";
import type { SceneElement } from "../drawing/scene";
import type { Fact } from "../model/fact";
import type { ShownGraph } from "../model/shown-graph";
import type { VisibleEdge } from "../model/visible-graph";
import { sizesText } from "../structure/text";
import type { DetailsContent } from "./details-panel";

const MAX_TENSORS = 12;
const OF_PARAMETERS = "The values are not known: the model is gone, or is not on this kernel.";
const OF_OPERATIONS =
  "The values of operations are read by lk.graph(model, x), and shown one by one by lk.stepper.";

export function detailsOf(
  element: SceneElement,
  shown: ShownGraph,
  edges: readonly VisibleEdge[],
  facts: readonly Fact[],
): DetailsContent {
  const { labels } = shown;
  const node = element.type === "item" && element.item.kind !== "module" ? element.item.node : null;
  const module = element.type === "container" ? element.container.module : null;
  const id = element.type === "item" ? element.item.id : element.container.id;
  const label = module
    ? labels.ofModule(module)
    : element.type === "item"
      ? labels.ofItem(element.item)
      : null;
  const title = node?.kind === "parameter" ? (node.parameters[0] ?? node.op) : (label?.title ?? id);
  return {
    id,
    title,
    facts,
    inspectedName: node && inspectedNameOf(node, shown),
    noValuesText: node?.kind === "op" ? OF_OPERATIONS : OF_PARAMETERS,
    inputs: tensors(
      edges.filter((edge) => edge.target === id),
      (edge) => edge.source,
      shown,
    ),
    outputs: tensors(
      edges.filter((edge) => edge.source === id),
      (edge) => edge.target,
      shown,
    ),
  };
}

function inspectedNameOf(node: GraphNode, shown: ShownGraph): string | null {
  if (node.kind === "parameter") return node.parameters[0] ?? null;
  return node.kind === "op" ? shown.recordedIdOf(node.id) : null;
}

function tensors(
  edges: readonly VisibleEdge[],
  other: (edge: VisibleEdge) => string,
  shown: ShownGraph,
): readonly Fact[] {
  const facts = edges.slice(0, MAX_TENSORS).map((edge): Fact => {
    const shape = [sizesText(edge), edge.dtype ?? ""].filter(Boolean).join(" ");
    return [shown.nameOfBox(other(edge)), shape || "not known"];
  });
  const rest = edges.length - facts.length;
  return rest > 0 ? [...facts, ["and", `${rest} more`]] : facts;
}
