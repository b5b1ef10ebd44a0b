/** The data of a collapsed graph: its repeats, and which pass of each is shown. */

import type { GraphData, GraphEdge, ModuleCall } from "../../../messages/graph";

/** A repeat as it is drawn. */
export interface CollapsedRepeat {
  /** Independent of the pass that is shown, and of the number of passes. */
  readonly key: string;
  /** Id of the box or frame of the repeat. */
  readonly box: string;
  readonly passes: number;
  /** The pass shown, from 0; null where all are. */
  readonly pass: number | null;
  /** "GPT2Block", "Linear, ReLU" */
  readonly label: string;
}

/** A module call of a collapsed graph; a synthetic one is a pass of several operations or calls. */
export interface CollapsedCall extends ModuleCall {
  readonly repeat?: CollapsedRepeat;
  readonly synthetic?: boolean;
}

export interface CollapsedEdge extends GraphEdge {
  /** Whether it leads from one pass to a later one. */
  readonly loop?: boolean;
}

export interface CollapsedGraph extends GraphData {
  readonly edges: readonly CollapsedEdge[];
  readonly modules: readonly CollapsedCall[];
}

/** The pass that each repeat shows, by the repeat's key; "all" for one that is not collapsed. */
export type PassChoices = ReadonlyMap<string, number | "all">;
