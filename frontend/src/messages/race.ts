/** The synchronised state of the widget in which optimizers race. */

import type { AnsweringState, Query } from "./queries";

/** The name of a parameter, and the ends of its range. */
export interface RaceAxis {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** The map of the loss; `image` is the address of a picture, `second` grows upward. */
export interface RaceMap {
  readonly first: RaceAxis;
  readonly second: RaceAxis;
  readonly image: string;
  readonly lowest: number;
  readonly highest: number;
}

/** What an optimizer holds, two numbers per step, flat; null where it holds nothing yet. */
export interface HeldValues {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** What one optimizer did; `places` and `gradients` have two numbers per step, flat. */
export interface RaceLane {
  readonly name: string;
  readonly kind: string;
  readonly rate: number | null;
  readonly places: readonly number[];
  readonly losses: readonly number[];
  readonly gradients: readonly number[];
  /** The learning rate of each step. */
  readonly rates: readonly number[];
  readonly state: readonly HeldValues[];
  /** Why the lane has fewer steps than the race; empty if it has all. */
  readonly ended: string;
}

/** The state that the kernel sends. */
export interface RaceState extends AnsweringState {
  readonly surface: string;
  readonly surfaces: readonly string[];
  readonly map: RaceMap;
  readonly start: readonly number[];
  readonly steps: number;
  readonly lanes: readonly RaceLane[];
}

/** From where, with which learning rates and on which surface the race is wanted. */
export interface RaceQuery extends Query {
  /** Null for the usual start of the surface. */
  readonly start: readonly number[] | null;
  readonly rates: Readonly<Record<string, number>>;
  readonly surface: string;
}

/** The changes that a page sends. */
export interface RaceRequest {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: RaceQuery;
}
