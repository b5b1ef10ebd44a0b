/** The data of a rolled up graph: what repeats itself, and which pass of it is shown. */

import type { GraphData, GraphEdge, ModuleCall } from "../../../protocol";

/** A repeat as it is drawn. */
export interface Roll {
  /** The same whichever pass is shown, and however many there are. */
  readonly key: string;
  /** The box or frame that stands for it. */
  readonly box: string;
  readonly passes: number;
  /** The pass shown, from 0; null where all are. */
  readonly pass: number | null;
  /** "GPT2Block", "Linear, ReLU" */
  readonly words: string;
}

/** A call that a roll shows; one without a module of its own stands for a pass of several parts. */
export interface RolledCall extends ModuleCall {
  readonly roll?: Roll;
  readonly made?: boolean;
}

export interface RolledEdge extends GraphEdge {
  /** From one pass to a later one. */
  readonly loop?: boolean;
}

export interface RolledGraph extends GraphData {
  readonly edges: readonly RolledEdge[];
  readonly modules: readonly RolledCall[];
}

/** Which pass each roll shows, by its key; "all" for one that is not rolled up. */
export type Choices = ReadonlyMap<string, number | "all">;
