/**
 * The graph to draw: with collapsed repeats, and with the nodes that the last change removed.
 *
 * Instances are immutable.
 */

import type { GraphData } from "../../../messages/graph";
import { type Collapse, CollapsibleGraph } from "../repeats/collapse";
import type { CollapsedGraph, DrawnRepeat, PassChoices } from "../structure/collapsed-graph";
import { ModuleTree } from "../structure/module-tree";
import { type ComparedGraph, type Difference, differenceBetween } from "./difference";
import { type FlowDirection, Labels, nameOfCall } from "./labels";
import { withRemovedNodes } from "./removed-nodes";
import {
  allModules,
  countVisible,
  initiallyOpen,
  MAX_VISIBLE,
  visibleGraph,
} from "./visible-graph";

export class ShownGraph {
  /** The graph to draw, including removed nodes. */
  readonly graph: CollapsedGraph;
  /** The graph without removed nodes. */
  readonly withoutRemoved: CollapsedGraph;
  readonly repeats: readonly DrawnRepeat[];
  /** The names of each parameter that has several. */
  readonly tied: readonly (readonly string[])[];
  /** The difference from the previous graph; null for the first. */
  readonly difference: Difference | null;
  readonly labels: Labels;
  /** Why not all modules can be unfolded, as a sentence; null if they can. */
  readonly unfoldingLimit: string | null;

  private constructor(
    /** The recorded graph. */
    readonly recorded: GraphData,
    private readonly collapsible: CollapsibleGraph | null,
    private readonly collapse: Collapse | null,
    readonly flow: FlowDirection,
    private readonly previous: ComparedGraph | null,
  ) {
    this.withoutRemoved = collapse?.graph ?? recorded;
    this.repeats = collapse?.repeats ?? [];
    this.difference = previous && differenceBetween(previous, this);
    this.graph =
      previous && this.difference
        ? withRemovedNodes(previous.withoutRemoved, this.withoutRemoved, this.difference.removed)
        : this.withoutRemoved;
    this.tied = recorded.nodes.map((node) => node.parameters).filter((names) => names.length > 1);
    this.labels = new Labels(this.graph, recorded, flow);
    const all = countVisible(visibleGraph(this.graph, allModules(this.graph)));
    const reason = `All modules unfolded are ${all} boxes; at most ${MAX_VISIBLE} are drawn.`;
    this.unfoldingLimit = all > MAX_VISIBLE ? reason : null;
  }

  /** Creates an instance; if `choices` is null, no repeat is collapsed. */
  static of(
    recorded: GraphData,
    choices: PassChoices | null,
    flow: FlowDirection = "forward",
    previous: ComparedGraph | null = null,
  ): ShownGraph {
    const collapsible = choices && new CollapsibleGraph(recorded);
    const collapse = collapsible && choices && collapsible.collapse(choices);
    // Only the compared parts: a reference to the previous graph would retain all earlier graphs.
    const compared = previous && {
      withoutRemoved: previous.withoutRemoved,
      repeats: previous.repeats,
    };
    return new ShownGraph(recorded, collapsible, collapse, flow, compared);
  }

  /** Returns the graph with other passes. */
  withChoices(choices: PassChoices): ShownGraph {
    const collapse = this.collapsible?.collapse(choices) ?? null;
    return new ShownGraph(this.recorded, this.collapsible, collapse, this.flow, this.previous);
  }

  /** Returns the graph with labels and arrows for another direction. */
  withFlow(flow: FlowDirection): ShownGraph {
    return new ShownGraph(this.recorded, this.collapsible, this.collapse, flow, this.previous);
  }

  /** Returns the choices with which a node or call of the recorded graph is drawn. */
  choicesFor(id: string): PassChoices {
    return this.collapse?.choicesFor(id) ?? new Map();
  }

  /** Returns the id under which a node or call of the recorded graph is drawn. */
  drawnIdOf(id: string): string {
    return this.collapse?.drawnIdOf(id) ?? id;
  }

  /** Returns the id of a drawn node in the recorded graph. */
  recordedIdOf(id: string): string {
    return this.collapse?.recordedIdOf(id) ?? id;
  }

  /** Returns "Computation graph of Net: 3 modules, 15 operations". */
  summary(): string {
    return new Labels(this.recorded).summary();
  }

  /**
   * Returns the modules to open after a change: `initial` and those of `before` that this graph
   * has, or only `initial` if both together are too many boxes.
   */
  openAfterChange(before: ReadonlySet<string>, initial: ReadonlySet<string>): ReadonlySet<string> {
    const known = new Set(this.graph.modules.map((module) => module.id));
    const both = new Set([...initial, ...[...before].filter((id) => known.has(id))]);
    return this.excessiveCount(both) === null ? both : initial;
  }

  /** Returns the ids of the calls around a drawn node or call, outermost first. */
  callsAround(id: string): readonly string[] {
    const calls = new ModuleTree(this.graph);
    const own = calls.call(id);
    const scope = own ? own.id : (this.graph.nodes.find((node) => node.id === id)?.scope ?? "");
    const chain = calls.chain(scope).map((call) => call.id);
    return own ? chain.slice(0, -1) : chain;
  }

  /** Returns the number of boxes with these modules open if it is too large, and null otherwise. */
  excessiveCount(open: ReadonlySet<string>): number | null {
    const count = countVisible(visibleGraph(this.graph, open));
    return count > MAX_VISIBLE ? count : null;
  }

  initiallyOpen(): ReadonlySet<string> {
    return initiallyOpen(this.graph);
  }

  /** Returns modules to open, and those around failed operations; only these if too many. */
  withFailedShown(open: ReadonlySet<string>): ReadonlySet<string> {
    const failed = new ModuleTree(this.graph).failedCalls();
    const both = new Set([...open, ...failed]);
    return this.excessiveCount(both) === null ? both : failed;
  }

  /** Whether a node or call is in the graph without removed nodes. */
  contains(id: string): boolean {
    const named = (each: { readonly id: string }) => each.id === id;
    return this.withoutRemoved.nodes.some(named) || this.withoutRemoved.modules.some(named);
  }

  /** Returns the name of a box or frame. */
  nameOfBox(id: string): string {
    const node = this.graph.nodes.find((each) => each.id === id);
    return node ? (node.parameters[0] ?? node.op) : this.moduleNameOf(id);
  }

  moduleNameOf(id: string): string {
    const module = this.graph.modules.find((each) => each.id === id);
    return module ? nameOfCall(module) : id;
  }
}
