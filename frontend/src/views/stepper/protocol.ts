/**
 * The messages of the stepper, with the same names as in `labkit/views/stepper_messages.py`.
 *
 * They go over the view's own model. Numbers travel in buffers of float64, little endian, so that
 * NaN and infinity are kept.
 */

import type { BufferIndex, GraphData } from "../../protocol";

export type Phase = "forward" | "backward" | "accumulate";

export interface WireValue {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Whether `numbers` holds every element; else means of blocks. */
  readonly whole: boolean;
  readonly rows: number;
  readonly columns: number;
  /** float64[rows * columns], row major; null where the value is not known. */
  readonly numbers: BufferIndex | null;
  /** float64[4]: minimum, maximum, mean, 2-norm. */
  readonly stats: BufferIndex | null;
  readonly zeros: number;
  readonly not_finite: number;
  /** Why the value is not known, as a sentence. */
  readonly reason: string | null;
}

export interface WireFlow {
  readonly node: string;
  readonly value: WireValue;
}

export interface Formula {
  readonly forward: string;
  readonly backward: readonly (readonly [input: string, derivative: string])[];
  readonly source: string;
}

export interface WireEvent {
  readonly phase: Phase;
  readonly node: string;
  readonly words: string;
  readonly inputs: readonly WireFlow[];
  readonly outputs: readonly WireFlow[];
  readonly formula: Formula | null;
  readonly before: WireValue | null;
  readonly after: WireValue | null;
}

export interface WireLeaf {
  readonly node: string;
  readonly name: string;
  readonly editable: boolean;
  readonly value: WireValue;
}

export interface WalkMessage {
  readonly type: "walk";
  /** The request that it answers; null when there was none. */
  readonly request: number | null;
  readonly graph: GraphData;
  readonly reason: string | null;
  readonly why_not_editable: string | null;
  readonly first_not_finite: number | null;
  readonly first_zero: number | null;
  readonly leaves: readonly WireLeaf[];
  readonly events: readonly WireEvent[];
}

/** Kernel to page. */
export type StepperMessage =
  | WalkMessage
  | { readonly type: "refused"; readonly request: number | null; readonly reason: string };

/** Page to kernel. */
export type StepperRequest =
  | { readonly type: "walk"; readonly protocol: number }
  | {
      readonly type: "edit";
      readonly request: number;
      readonly leaf: string;
      readonly index: number;
      readonly value: number;
    }
  | { readonly type: "reset"; readonly request: number };
