/** The synchronised state of the storage explorer. */

import type { AnsweringState, Query } from "./queries";

/** How a tensor that shares the storage reads it. */
export interface StorageRecipe {
  readonly name: string;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/** What a shape, a stride and an offset read. */
export interface StorageReading {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
  /** The places in the storage, in the order of the elements. */
  readonly places: readonly number[];
  /** A sentence or two about it. */
  readonly said: string;
}

/** The state that the kernel sends. */
export interface StorageState extends AnsweringState {
  /** The texts of what the storage holds, by place. */
  readonly values: readonly string[];
  readonly recipes: readonly StorageRecipe[];
  readonly reading: StorageReading;
}

/** A recipe as it was typed. */
export interface StorageQuery extends Query {
  readonly shape: string;
  readonly stride: string;
  readonly offset: string;
}

/** The changes that a page sends for another recipe. */
export interface StorageAsked {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: StorageQuery;
}
