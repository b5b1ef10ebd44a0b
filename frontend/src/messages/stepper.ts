/**
 * Messages between the stepper's widget and its page.
 *
 * They are sent over the model of the stepper's widget, not over the run's channel.
 */

import type { GraphData } from "./graph";
import type { FragmentMessage } from "./kernel";
import type { TextRequest } from "./page";
import type { BufferIndex } from "./protocol";

export type Phase = "forward" | "backward" | "accumulate";

/** The elements of a tensor, or the means of blocks of elements. */
export interface WireValue {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Whether `numbers` contains every element; otherwise it contains means of blocks. */
  readonly whole: boolean;
  readonly rows: number;
  readonly columns: number;
  /** float64[rows * columns], row major; null if the value is unknown. */
  readonly numbers: BufferIndex | null;
  /** float64[4]: minimum, maximum, mean, 2-norm. */
  readonly stats: BufferIndex | null;
  readonly zeros: number;
  readonly not_finite: number;
  /** Why the value is unknown, as a sentence. */
  readonly reason: string | null;
}

/** A tensor that a node receives or produces. */
export interface WireFlow {
  readonly node: string;
  readonly value: WireValue;
  /** Number of the tensor among the results of the node, counted from 0. */
  readonly output: number;
}

/** The formula of an operation, and its derivative for each input. */
export interface Formula {
  readonly forward: string;
  readonly backward: readonly (readonly [input: string, derivative: string])[];
  readonly source: string;
}

/** One step of a walk. */
export interface WireEvent {
  readonly phase: Phase;
  readonly node: string;
  /** What the step does, as a sentence. */
  readonly words: string;
  readonly inputs: readonly WireFlow[];
  readonly outputs: readonly WireFlow[];
  readonly formula: Formula | null;
  /** The gradient before and after accumulation. */
  readonly before: WireValue | null;
  readonly after: WireValue | null;
}

/** A leaf of the graph, and whether its elements can be edited. */
export interface WireLeaf {
  readonly node: string;
  readonly name: string;
  readonly editable: boolean;
  readonly value: WireValue;
}

/** A walk through a graph, forward and backward. */
export interface WalkMessage {
  readonly type: "walk";
  /** The kernel's protocol version. */
  readonly protocol: number;
  /** The request that this message answers; null without one. */
  readonly request: number | null;
  readonly graph: GraphData;
  /** Why there is no walk, as a sentence. */
  readonly reason: string | null;
  /** Why no leaf can be edited, as a sentence. */
  readonly why_not_editable: string | null;
  /** Index of the first event that produced a non-finite element. */
  readonly first_not_finite: number | null;
  /** Index of the first event that produced a gradient of zeros. */
  readonly first_zero: number | null;
  readonly leaves: readonly WireLeaf[];
  readonly events: readonly WireEvent[];
}

/** The reply to a request that cannot be fulfilled, with the reason. */
export interface StepperRefusal {
  readonly type: "refused";
  readonly request: number | null;
  readonly reason: string;
}

/** Kernel to page. */
export type StepperMessage = WalkMessage | StepperRefusal | FragmentMessage;

/** Requests the walk. */
export interface WalkRequest {
  readonly type: "walk";
  readonly protocol: number;
  /** Whether the page needs it though the kernel has sent it. */
  readonly again: boolean;
}

/** Requests a walk with another value in one element of a leaf. */
export interface EditRequest {
  readonly type: "edit";
  readonly request: number;
  readonly leaf: string;
  /** Index of the element in C order. */
  readonly index: number;
  readonly value: number;
}

/** Requests a walk without edits. */
export interface ResetRequest {
  readonly type: "reset";
  readonly request: number;
}

/** Page to kernel. */
export type StepperRequest = WalkRequest | EditRequest | ResetRequest | TextRequest;
