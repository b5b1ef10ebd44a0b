/** What is shown of every parameter over time. */

import type { BlockKind } from "../../protocol";

export type ParameterKind = Extract<BlockKind, "grad_norm" | "weight_norm" | "update_ratio">;

export const QUANTITIES: readonly (readonly [ParameterKind, name: string, explanation: string])[] =
  [
    [
      "grad_norm",
      "Gradient norm",
      "How strongly the loss pushes each parameter at a step. Near zero, a parameter learns nothing.",
    ],
    ["weight_norm", "Weight norm", "How large the values of each parameter are, taken together."],
    [
      "update_ratio",
      "Update ratio",
      "How far a step moves each parameter, relative to its size. About 0.001 is customary.",
    ],
  ];
