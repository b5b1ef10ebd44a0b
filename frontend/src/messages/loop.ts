/** The synchronised state of the loop whose lines can be switched off. */

import type { AnsweringState, Query } from "./queries";

/** A line of the loop. */
export interface LoopLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether it can be switched off. */
  readonly has_switch: boolean;
}

/** A series of a run. */
export interface LoopSeries {
  readonly name: string;
  readonly steps: readonly number[];
  /** A value that is NaN or infinite is null. */
  readonly values: readonly (number | null)[];
}

/** The series of a run. */
export interface LoopCurves {
  /** Which lines it was without. */
  readonly label: string;
  readonly series: readonly LoopSeries[];
  /** What ended it early, or an empty text. */
  readonly error: string;
}

/** The state that the kernel sends. */
export interface LoopState extends AnsweringState {
  readonly lines: readonly LoopLine[];
  /** The numbers of the lines that are switched off. */
  readonly off: readonly number[];
  /** The run with all lines and, if lines are off, the run without them. */
  readonly runs: readonly LoopCurves[];
}

/** The lines that should be switched off. */
export interface LoopQuery extends Query {
  /** Their numbers. */
  readonly off: readonly number[];
}

/** The changes that a page sends after a switch. */
export interface LoopSwitched {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly query: LoopQuery;
}
