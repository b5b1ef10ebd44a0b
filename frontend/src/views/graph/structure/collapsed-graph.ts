/** A graph with collapsed repeats, and the selected pass of each repeat. */

import type { GraphData, GraphEdge, ModuleCall } from "../../../messages/graph";

/** A collapsed repeat. */
export interface DrawnRepeat {
  /** Independent of the selected pass and of the number of passes. */
  readonly key: string;
  /** Id of the box or frame of the repeat. */
  readonly box: string;
  readonly passes: number;
  /** The selected pass, counted from 0; null if all are shown. */
  readonly pass: number | null;
  /** The pass that is selected at first: one that is like most others. */
  readonly typical: number;
  /** For example "GPT2Block" or "Linear, ReLU". */
  readonly label: string;
}

/**
 * A module call of a collapsed graph, or a synthetic call for a pass of several operations or
 * calls.
 */
export interface CollapsedCall extends ModuleCall {
  readonly repeat?: DrawnRepeat;
  readonly synthetic?: boolean;
}

export interface CollapsedEdge extends GraphEdge {
  /** Whether it connects a pass to a later one. */
  readonly loop?: boolean;
}

export interface CollapsedGraph extends GraphData {
  readonly edges: readonly CollapsedEdge[];
  readonly modules: readonly CollapsedCall[];
}

/** The selected pass of each repeat, by the repeat's key; "all" if it is not collapsed. */
export type PassChoices = ReadonlyMap<string, number | "all">;
