/** The state of a graph view without the DOM: the graph, passes, direction and open modules. */

import type { GraphData } from "../../messages/graph";
import type { ViewSettings } from "../../parts/view-settings";
import type { FlowDirection } from "./model/labels";
import { ShownGraph } from "./model/shown-graph";
import { initiallyUnfolded } from "./model/visible-graph";
import type { DrawnRepeat, PassChoices } from "./structure/collapsed-graph";

const OPEN_MODULES = "graph open";

/** The modules to open, or the number of boxes if it would be too large. */
export type Opening =
  | { readonly open: ReadonlySet<string>; readonly excessive?: never }
  | { readonly open?: never; readonly excessive: number };

export class GraphViewState {
  /** Null if the run has no graph. */
  shown: ShownGraph | null = null;
  private choices: PassChoices = new Map();
  private flow: FlowDirection = "forward";

  /** See `GraphOptions` for `embedded`. */
  constructor(
    private readonly settings: ViewSettings,
    readonly embedded: boolean,
  ) {}

  /** Whether a graph has another structure than the current one, or other sizes that vary. */
  isNew(graph: GraphData): boolean {
    const { shown } = this;
    return !this.hasStructureOf(graph) || sizesKey(graph) !== (shown && sizesKey(shown.recorded));
  }

  /** Sets the graph; returns the modules to open, given those that are `open` now. */
  showGraph(graph: GraphData, open: ReadonlySet<string>): ReadonlySet<string> {
    const choices = this.embedded ? null : this.choices;
    const previous = this.hasStructureOf(graph) ? null : this.shown;
    const shown = ShownGraph.of(graph, choices, this.flow, previous);
    this.shown = shown;
    const initial = this.embedded ? initiallyUnfolded(graph) : this.savedOpen(shown);
    return shown.openAfterChange(open, shown.withFailedShown(initial));
  }

  showFlow(flow: FlowDirection): void {
    this.flow = flow;
    this.shown = this.shown?.withFlow(flow) ?? null;
  }

  /** Selects a pass of a repeat, or all of them, unless that is too large to draw. */
  showPass(
    shown: ShownGraph,
    repeat: DrawnRepeat,
    pass: number | "all",
    open: ReadonlySet<string>,
  ): Opening {
    const choices = new Map([...this.choices, [repeat.key, pass] as const]);
    const next = shown.withChoices(choices);
    const excessive = next.excessiveCount(open);
    if (excessive !== null) return { excessive };
    this.choices = choices;
    this.shown = next;
    return { open: next.openAfterChange(open, new Set()) };
  }

  /**
   * Selects the passes of a node or call of the recorded graph. Returns the modules to open,
   * including the enclosing ones, or null if that is too large to draw.
   */
  showInPasses(
    choices: PassChoices,
    id: string,
    open: ReadonlySet<string>,
  ): ReadonlySet<string> | null {
    if (!this.shown) return null;
    const next = this.shown.withChoices(choices);
    const wanted = new Set([...open, ...next.callsAround(next.drawnIdOf(id))]);
    if (next.excessiveCount(wanted) !== null) return null;
    this.choices = choices;
    this.shown = next;
    return wanted;
  }

  /** Returns the modules to open after a module was opened or closed. */
  toggle(shown: ShownGraph, id: string, open: ReadonlySet<string>): Opening {
    const wanted = new Set(open);
    if (!wanted.delete(id)) wanted.add(id);
    const excessive = shown.excessiveCount(wanted);
    return excessive === null ? { open: wanted } : { excessive };
  }

  /** Saves which modules are open, for the next view of this run on the page. */
  saveOpen(open: ReadonlySet<string>): void {
    if (!this.embedded) this.settings.set(OPEN_MODULES, JSON.stringify([...open]));
  }

  private hasStructureOf(graph: GraphData): boolean {
    return graph.signature === this.shown?.recorded.signature;
  }

  /** Returns the saved open modules, or the initial ones if none are saved or too many to draw. */
  private savedOpen(shown: ShownGraph): ReadonlySet<string> {
    const saved = this.settings.get(OPEN_MODULES);
    const open = new Set<string>(saved === null ? [] : JSON.parse(saved));
    const known = [...open].some((id) => shown.contains(id));
    return known && shown.excessiveCount(open) === null ? open : shown.initiallyOpen();
  }
}

function sizesKey({ sizes, more_sizes }: GraphData): string {
  return JSON.stringify([sizes, more_sizes]);
}
