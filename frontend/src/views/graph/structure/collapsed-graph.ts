/** The data of a rolled up graph: what repeats itself, and which pass of it is shown. */

import type { GraphData, GraphEdge, ModuleCall } from "../../../protocol";

/** A repeat as it is drawn. */
export interface CollapsedRepeat {
  /** The same whichever pass is shown, and however many there are. */
  readonly key: string;
  /** The box or frame that stands for it. */
  readonly box: string;
  readonly passes: number;
  /** The pass shown, from 0; null where all are. */
  readonly pass: number | null;
  /** "GPT2Block", "Linear, ReLU" */
  readonly label: string;
}

/** A call that a roll shows; one without a module of its own stands for a pass of several parts. */
export interface CollapsedCall extends ModuleCall {
  readonly repeat?: CollapsedRepeat;
  readonly synthetic?: boolean;
}

export interface CollapsedEdge extends GraphEdge {
  /** From one pass to a later one. */
  readonly loop?: boolean;
}

export interface CollapsedGraph extends GraphData {
  readonly edges: readonly CollapsedEdge[];
  readonly modules: readonly CollapsedCall[];
}

/** Which pass each roll shows, by its key; "all" for one that is not rolled up. */
export type PassChoices = ReadonlyMap<string, number | "all">;
