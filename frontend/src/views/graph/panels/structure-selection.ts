/** Selects the structure of the run's graph to show. */

import type { GraphData } from "../../../messages/graph";
import type { RunSession } from "../../../session";
import { StructureTimeline } from "./structure-timeline";

const NOT_ANSWERED = "This structure is not kept any more, or the kernel did not answer.";
const NOT_RECEIVED =
  "This page has not received this structure yet. It can be requested when the cell has ended.";

export class StructureSelection {
  readonly element: HTMLElement;
  private readonly timeline = new StructureTimeline((signature) => this.choose(signature));
  /** The selected earlier structure; null for the newest. */
  private chosen: GraphData | null = null;

  constructor(
    private readonly session: RunSession,
    private readonly changed: () => void,
    private readonly showMessage: (text: string) => void,
  ) {
    this.element = this.timeline.element;
  }

  /** Returns the graph to show, and updates the timeline. */
  graph(): GraphData | null {
    const graph = this.chosen ?? this.session.graph;
    const spans = this.session.state?.structures ?? [];
    this.timeline.update(spans, graph?.signature ?? "", this.chosen === null);
    return graph;
  }

  private async choose(signature: string | null): Promise<void> {
    const graph = signature === null ? null : await this.session.graphOf(signature);
    if (signature !== null && graph === null) {
      this.showMessage(this.session.isOneWay ? NOT_RECEIVED : NOT_ANSWERED);
      return;
    }
    this.chosen = graph;
    this.changed();
  }
}
