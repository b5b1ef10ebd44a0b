/** The quantities of modules over steps, and the kinds of pictures. */

import { type ColourScale, DecadeScale, ShareScale, SignedScale } from "../../heat-map/scale";
import type { TableKind } from "../../messages/tables";
import type { PictureKind } from "../../messages/values";

export type ActivationKind = Extract<TableKind, `act_${string}`>;

interface Quantity {
  readonly kind: ActivationKind;
  readonly name: string;
  readonly explanation: string;
  scale(): ColourScale;
}

export const QUANTITIES: readonly Quantity[] = [
  {
    kind: "act_std",
    name: "Standard deviation",
    explanation:
      "Standard deviation of a module's outputs in a step. If it shrinks or grows from layer to " +
      "layer, so do the gradients.",
    scale: () => new DecadeScale(),
  },
  {
    kind: "act_mean",
    name: "Mean",
    explanation: "Mean of a module's outputs in a step.",
    scale: () => new SignedScale(),
  },
  {
    kind: "act_dead",
    name: "Dead units",
    explanation:
      "Part of the units that a ReLU made zero for every sample of the batch: no gradient passes " +
      "through them.",
    scale: () => new ShareScale(),
  },
  {
    kind: "act_saturated",
    name: "Saturated",
    explanation:
      "Part of the outputs at the flat ends of a sigmoid or tanh, where hardly any gradient passes.",
    scale: () => new ShareScale(),
  },
  {
    kind: "act_grad",
    name: "Gradient norm",
    explanation: "Norm of the loss's gradient with respect to a module's output.",
    scale: () => new DecadeScale(),
  },
];

/** The name and the explanation of each kind of picture. */
export const PICTURES: Readonly<Record<PictureKind, readonly [name: string, explanation: string]>> =
  {
    maps: [
      "Feature maps",
      "What each channel of the layer gives out for the first image of the batch.",
    ],
    kernels: [
      "Kernels",
      "The weights that are moved over the image, one panel per output channel.",
    ],
    states: [
      "Hidden state",
      "The state of each unit at each time step, for the first sequence of the batch.",
    ],
    gates: [
      "Gates and cell",
      "How far each gate is open at each time step (0 is shut, 1 is open), what is proposed for the " +
        "state (-1 to 1), and the cell state, which has a range of its own.",
    ],
    time_gradient: [
      "Gradient through time",
      "Norm of the loss's gradient with respect to the state at each time step: how much each " +
        "moment can still teach.",
    ],
    attention: ["Attention", "How much each query (row) takes from each key (column)."],
    units: ["Units", "The outputs of the layer's units for some samples of the batch."],
  };

/** The kinds in the order of the menu. */
export const PICTURE_ORDER = Object.keys(PICTURES) as readonly PictureKind[];
