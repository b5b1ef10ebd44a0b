/** The synchronised state of the widget in which a line is fitted to points. */

import type { AnsweringState, Query } from "./queries";
import type { RaceLane, RaceMap } from "./race";

/** The points, those that are held out, and the ends of the axes. */
export interface LinePlane {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly held_x: readonly number[];
  readonly held_y: readonly number[];
  readonly ends_x: readonly number[];
  readonly ends_y: readonly number[];
  /** The lowest loss that a line can have on the points. */
  readonly best: number;
}

/** A training: its places, the loss of held-out points, and the points of each step. */
export interface LineWalk {
  readonly lane: RaceLane;
  /** Empty without held-out points. */
  readonly held: readonly number[];
  /** Empty for all points in every step. */
  readonly batches: readonly (readonly number[])[];
}

/** The state that the kernel sends. */
export interface LineState extends AnsweringState {
  readonly plane: LinePlane;
  readonly map: RaceMap;
  /** The last one is shown in the plane. */
  readonly walks: readonly LineWalk[];
  readonly start: readonly number[];
  readonly rate: number;
  /** 0 for all points. */
  readonly batch: number;
  readonly batches: readonly number[];
}

/** From where, with which learning rate and batches a walk is wanted. */
export interface LineQuery extends Query {
  readonly start: readonly number[];
  readonly rate: number;
  readonly batch: number;
}

/** The changes that a page sends. */
export interface LineRequest {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: LineQuery;
}
