/** The synchronised state of the broadcasting explorer. */

import type { AnsweringState, Query } from "./queries";

/** Two tensors by name, their shapes, and the name of the button that shows them. */
export interface BroadcastPair {
  readonly name: string;
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
}

/** What PyTorch does with two tensors of these shapes. */
export interface BroadcastReading {
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  /** The shape of the result; empty where the shapes clash. */
  readonly result: readonly number[];
  /** The strides of both, stretched to the result; empty where the shapes clash. */
  readonly strides: readonly (readonly number[])[];
  /** PyTorch's message where the shapes clash, or an empty text. */
  readonly error: string;
  /** The dimension that the message names, or -1. */
  readonly clash: number;
  /** Where an element of the result comes from. */
  readonly element: string;
  /** A sentence or two about it. */
  readonly said: string;
}

/** The state that the kernel sends. */
export interface BroadcastState extends AnsweringState {
  readonly pairs: readonly BroadcastPair[];
  readonly reading: BroadcastReading;
}

/** Two shapes as they were typed. */
export interface BroadcastQuery extends Query {
  /** The place of the pair whose names are shown. */
  readonly pair: number;
  readonly shapes: readonly string[];
}

/** The changes that a page sends for other shapes. */
export interface BroadcastAsked {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: BroadcastQuery;
}
