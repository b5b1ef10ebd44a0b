/** The passes around a node or call, outermost first, and what follows for drawing it. */

import type { GraphNode } from "../../../messages/graph";

/** One pass of a repeat that contains a node or call. */
export interface PassReference {
  /** The repeat's key. */
  readonly key: string;
  readonly pass: number;
  /** Whether it is the repeat's last pass. */
  readonly last: boolean;
  readonly shown: boolean;
}

export type PassPath = readonly PassReference[];

export const NO_PASSES: PassPath = [];

/** Whether all passes of a path are shown. */
export function isShown(path: PassPath): boolean {
  return path.every((reference) => reference.shown);
}

/** Whether a leaf or an output of this kind is drawn with an operation that has this path. */
export function isDrawnWith(path: PassPath, kind: GraphNode["kind"]): boolean {
  return path.every((reference) => reference.shown || (kind === "output" && reference.last));
}

/** Returns whether two operations are in one hidden pass, in two passes of a repeat, or neither. */
export function relationOf(one: PassPath, other: PassPath): "hidden" | "loop" | "apart" {
  for (const [depth, reference] of one.entries()) {
    const there = other[depth];
    if (there?.key !== reference.key) return "apart";
    if (there.pass !== reference.pass) return "loop";
    if (!reference.shown) return "hidden";
  }
  return "apart";
}
