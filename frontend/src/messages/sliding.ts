/** The synchronised state of the widget in which a kernel slides over an image. */

import type { AnsweringState, Query } from "./queries";

/** A table of numbers, row major. */
export interface SlidingTable {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

/** A classic filter of the menu, and what it finds. */
export interface SlidingFilter {
  readonly name: string;
  readonly finds: string;
  readonly kernel: SlidingTable;
}

/** The state that the kernel sends. */
export interface SlidingState extends AnsweringState {
  readonly image: SlidingTable;
  readonly filters: readonly SlidingFilter[];
  readonly weights: SlidingTable;
  readonly stride: number;
  readonly padding: number;
  /** The feature map. */
  readonly answers: SlidingTable;
  /** The same convolution as plain PyTorch. */
  readonly code: string;
}

/** The convolution that a page wants. */
export interface SlidingQuery extends Query {
  readonly weights: SlidingTable;
  readonly stride: number;
  readonly padding: number;
}

/** The changes that a page sends. */
export interface SlidingRequest {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: SlidingQuery;
}
