/** The quantities of parameters over steps. */

import { type ColourScale, DecadeScale, ShareScale, SignedScale } from "../../heat-map/scale";
import type { TableKind } from "../../messages/tables";

export type ParameterKind = Extract<TableKind, `grad_${string}` | "weight_norm" | "update_ratio">;

interface Quantity {
  readonly kind: ParameterKind;
  readonly name: string;
  readonly explanation: string;
  scale(): ColourScale;
}

/** A usual update ratio. */
export const CUSTOMARY_RATIO = 1e-3;

export const QUANTITIES: readonly Quantity[] = [
  {
    kind: "grad_norm",
    name: "Gradient norm",
    explanation:
      "How strongly the loss pushes each parameter at a step, as the optimizer gets it. Near " +
      "zero, a parameter learns nothing.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "grad_norm_unclipped",
    name: "Gradient norm before clipping",
    explanation: "The same as backward left it, before the loop clipped it.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "weight_norm",
    name: "Weight norm",
    explanation: "How large the values of each parameter are, taken together.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "update_ratio",
    name: "Update ratio",
    explanation:
      "How far a step moves each parameter, relative to its size. About 0.001 is customary.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "grad_cosine",
    name: "Gradient direction",
    explanation:
      "Cosine between a gradient and that of the step before: 1 the same way, 0 across, −1 back. " +
      "Steps that go to and fro are too long.",
    scale: () => new SignedScale(),
  },
  {
    kind: "grad_noise",
    name: "Gradient noise scale",
    explanation:
      "How many backward passes must be averaged until signal and noise are even, from the " +
      "passes of a step that accumulates several.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "grad_zeros",
    name: "Zeros in the gradient",
    explanation: "Part of a gradient's elements that are exactly zero.",
    scale: () => new ShareScale(),
  },
  {
    kind: "grad_not_finite",
    name: "NaN or ∞ in the gradient",
    explanation: "Part of a gradient's elements that are not finite.",
    scale: () => new ShareScale(),
  },
];
