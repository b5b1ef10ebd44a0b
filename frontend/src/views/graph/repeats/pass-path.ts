/** The passes that contain a node or call, outermost first, and whether it is drawn. */

import type { GraphNode } from "../../../messages/graph";

/** A pass of a repeat that contains a node or call. */
export interface PassReference {
  /** The key of the repeat. */
  readonly key: string;
  readonly pass: number;
  /** Whether it is the last pass of the repeat. */
  readonly last: boolean;
  readonly shown: boolean;
}

export type PassPath = readonly PassReference[];

export const NO_PASSES: PassPath = [];

/** Whether all passes of a path are selected. */
export function isShown(path: PassPath): boolean {
  return path.every((reference) => reference.shown);
}

/** Whether a leaf or an output is drawn with an adjacent operation that has this path. */
export function isDrawnWith(path: PassPath, kind: GraphNode["kind"]): boolean {
  return path.every((reference) => reference.shown || (kind === "output" && reference.last));
}

/**
 * Returns whether two operations are in the same hidden pass, in two passes of a repeat, or
 * neither.
 */
export function relationOf(one: PassPath, other: PassPath): "hidden" | "loop" | "apart" {
  for (const [depth, reference] of one.entries()) {
    const there = other[depth];
    if (there?.key !== reference.key) return "apart";
    if (there.pass !== reference.pass) return "loop";
    if (!reference.shown) return "hidden";
  }
  return "apart";
}
