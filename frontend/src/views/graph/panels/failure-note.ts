/** The errors of a graph's failed operations, each with its place in the graph and in the code. */

import type { GraphData, GraphNode } from "../../../messages/graph";
import { html } from "../drawing/elements";
import { FAILED_MARK } from "../model/labels";
import { sourceText } from "../structure/text";

export class FailureNote {
  readonly element = html("div", { class: "labkit-graph-failures", role: "status" });

  /** `find` shows a node of the recorded graph. */
  constructor(private readonly find: (id: string) => void) {
    this.element.hidden = true;
  }

  /** Shows the failed operations of a graph; hides the element if there are none. */
  show(graph: GraphData | null): void {
    const failed = graph?.nodes.filter((node) => node.kind === "failed") ?? [];
    this.element.hidden = failed.length === 0;
    this.element.replaceChildren(...failed.map((node) => this.entry(node)));
  }

  private entry(node: GraphNode): HTMLElement {
    const module = node.scope.split("#")[0];
    const name = `${FAILED_MARK} ${node.op}${module ? ` in ${module}` : ""}`;
    const button = html("button", { type: "button", title: `Show ${name} in the graph` }, name);
    button.addEventListener("click", () => this.find(node.id));
    const entry = html("div", { class: "labkit-graph-failure" });
    entry.append(button);
    if (node.source) entry.append(html("code", {}, sourceText(node.source)));
    entry.append(html("span", { class: "labkit-graph-failure-text" }, node.note ?? ""));
    return entry;
  }
}
