/** Gathers what the side panel shows of a box or a frame. */

import type { Contents } from "../contents";
import type { VisibleEdge } from "../fold";
import type { Fact } from "../labels";
import type { Thing } from "../scene";
import { shapeText } from "../text";
import type { Subject } from "./panel";

const MOST_TENSORS = 12;

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
    parameter: node?.kind === "parameter" ? (node.parameters[0] ?? null) : null,
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

function tensors(
  edges: readonly VisibleEdge[],
  other: (edge: VisibleEdge) => string,
  contents: Contents,
): readonly Fact[] {
  const facts = edges.slice(0, MOST_TENSORS).map((edge): Fact => {
    const shape = [shapeText(edge.shape), edge.dtype ?? ""].filter(Boolean).join(" ");
    return [contents.wordsFor(other(edge)), shape || "not known"];
  });
  const rest = edges.length - facts.length;
  return rest > 0 ? [...facts, ["and", `${rest} more`]] : facts;
}
