/** Messages between the widget of a folder of runs and its page. */

import type { FragmentMessage } from "./kernel";
import type { TextRequest } from "./page";
import type { BufferIndex } from "./protocol";
import type { RunStatus } from "./run";

/** A run of the table. */
export interface RunRow {
  /** The path of its file in the folder. */
  readonly key: string;
  readonly name: string;
  /** Why its file cannot be read; then `status` and the numbers are null. */
  readonly error: string | null;
  readonly status: RunStatus | null;
  readonly message: string | null;
  readonly steps: number | null;
  /** In s since 1970. */
  readonly started: number | null;
  /** In s. */
  readonly duration: number | null;
  readonly note: string;
  /** Number of its findings. */
  readonly findings: number;
  /** The first of them; "" without one. */
  readonly finding: string;
  readonly configuration: Readonly<Record<string, string>>;
  /** Names of its losses and metrics. */
  readonly results: readonly string[];
  /** Number of points of the outline of its loss. */
  readonly points: number;
}

/** Rows, with their numbers one row after the other. */
export interface RowsOfRuns {
  readonly rows: readonly RunRow[];
  /** float64: the last, the lowest and the highest value of each result. */
  readonly numbers: BufferIndex;
  /** float32: the steps of each outline from 0 to 1, then its values. */
  readonly outlines: BufferIndex;
}

/** All runs of a folder. */
export interface RunsMessage {
  readonly type: "runs";
  readonly protocol: number;
  readonly folder: string;
  /** Why not all are listed, or why the folder is not followed. */
  readonly problem: string | null;
  readonly content: RowsOfRuns;
}

/** The rows that are new or have changed, and the keys of those that are gone. */
export interface RunRowsMessage {
  readonly type: "run-rows";
  readonly problem: string | null;
  readonly removed: readonly string[];
  readonly content: RowsOfRuns;
}

/** The channels of the runs that are compared; none after the comparison was closed. */
export interface ComparedMessage {
  readonly type: "compared";
  /** Null for a page that was loaded after the comparison was made. */
  readonly request: number | null;
  readonly keys: readonly string[];
  readonly names: readonly string[];
  readonly channels: readonly string[];
}

/** The reply to a request that cannot be fulfilled, with the reason. */
export interface RunsRefusal {
  readonly type: "refused";
  readonly request: number | null;
  readonly reason: string;
}

/** Kernel to page. */
export type RunsKernelMessage =
  | RunsMessage
  | RunRowsMessage
  | ComparedMessage
  | RunsRefusal
  | FragmentMessage;

/** Requests all rows. */
export interface RunsRequest {
  readonly type: "runs";
  readonly protocol: number;
  /** Whether the page needs them though the kernel has sent them. */
  readonly again: boolean;
}

/** Requests a comparison of some runs, by their keys; none closes the comparison. */
export interface CompareRequest {
  readonly type: "compare";
  readonly request: number;
  readonly keys: readonly string[];
}

/** Page to kernel. */
export type RunsPageMessage = RunsRequest | CompareRequest | TextRequest;
