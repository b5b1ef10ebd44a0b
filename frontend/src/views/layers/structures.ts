/** The graphs of a run's structures, as the newest one may lack modules that others have. */

import type { GraphData } from "../../messages/graph";
import type { RunSession } from "../../session";
import type { LayerTree } from "./layers";

/** Maximum number of structures that are requested beside the newest graph. */
const MAX_REQUESTED = 4;

export class Structures {
  private readonly received: GraphData[] = [];
  private readonly requested = new Set<string>();
  private isWaiting = false;

  /** `changed` is called when a further graph has arrived. */
  constructor(
    private readonly session: RunSession,
    private readonly changed: () => void,
  ) {}

  /** The graphs, of which each describes the modules that those before it lack. */
  get graphs(): readonly GraphData[] {
    const { graph } = this.session;
    const others = this.received.filter(({ signature }) => signature !== graph?.signature);
    return graph ? [graph, ...others] : others;
  }

  /** Requests the next structure if a module with parameters is in none of the graphs. */
  complete(tree: LayerTree): void {
    if (this.isWaiting || this.requested.size >= MAX_REQUESTED) return;
    const layers = [...tree.byPath.values()];
    if (!layers.some(({ hasOwnParameters, costs }) => hasOwnParameters && costs === null)) return;
    const { state, graph } = this.session;
    const signatures = (state?.structures ?? []).map(({ signature }) => signature).reverse();
    const next = signatures.find((each) => each !== graph?.signature && !this.requested.has(each));
    if (next !== undefined) this.request(next);
  }

  private async request(signature: string): Promise<void> {
    this.requested.add(signature);
    this.isWaiting = true;
    const graph = await this.session.graphOf(signature);
    this.isWaiting = false;
    if (!graph) return;
    this.received.push(graph);
    this.changed();
  }
}
