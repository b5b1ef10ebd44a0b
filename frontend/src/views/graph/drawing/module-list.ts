/** The modules of a graph as a nested list, for graphs without a layout. */

import type { GraphData, ModuleCall } from "../../../messages/graph";
import type { Labels } from "../model/labels";
import { html } from "./elements";

const MAX_ENTRIES = 1000;

export function drawModuleList(graph: GraphData, labels: Labels): HTMLElement {
  const children = new Map<string | null, ModuleCall[]>();
  const ids = new Set(graph.modules.map((module) => module.id));
  const shown = graph.modules.slice(0, MAX_ENTRIES);
  for (const module of shown) {
    const parent = module.parent !== null && ids.has(module.parent) ? module.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), module]);
  }
  const outline = html("div", { class: "labkit-graph-outline", tabindex: 0 });
  outline.setAttribute("role", "region");
  outline.setAttribute("aria-label", labels.summary());
  outline.append(html("p", {}, labels.summary()), listOf(null, children, labels));
  const rest = graph.modules.length - shown.length;
  if (rest > 0) outline.append(html("p", {}, `and ${rest} more module calls`));
  return outline;
}

function listOf(
  parent: string | null,
  children: ReadonlyMap<string | null, readonly ModuleCall[]>,
  labels: Labels,
): HTMLUListElement {
  const list = html("ul");
  for (const module of children.get(parent) ?? []) {
    const { title, subtitle, badge } = labels.ofModule(module);
    const entry = html("li", { "data-labkit-module": module.id });
    const details = [subtitle, badge].filter(Boolean).join(" · ");
    entry.append(html("strong", {}, title), html("span", {}, details));
    if (children.has(module.id)) entry.append(listOf(module.id, children, labels));
    list.append(entry);
  }
  return list;
}
