/**
 * The interface through which a view reads and controls a run.
 *
 * There is one session per run and page. All views of that run share it, so that they have one
 * history and one cursor. Views read; only the transport writes.
 */

import type { GraphData } from "./messages/graph";
import type { AssetName, ControlAction } from "./messages/page";
import type { Finding, RunState } from "./messages/run";
import type { TableKind } from "./messages/tables";
import type { PictureKind, PictureSubject, RecordedNorm, SentPicture } from "./messages/values";

/** Points of one column in the order of their steps. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float32Array;
}

/** Columns that are sampled together, with their bounded history. */
export interface SeriesTable {
  readonly id: string;
  readonly kind: TableKind;
  readonly names: readonly string[];
  /** Step of the newest row; -1 while empty. */
  readonly lastStep: number;
  /**
   * Recorded points of a column: the extremes of folded buckets, then the newest rows whole.
   * NaN is left out where it stands for "not read", as in all but losses, rates and metrics.
   */
  points(column: number): Points;
  /** The newest value of every column, read at the newest step or before; null while empty. */
  latest(): Float32Array | null;
}

/** Statistics of a tensor's values. */
export interface Statistics {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The step at which they were read, where that is not now. */
  readonly step: number | null;
  /** Number of elements that were read; null for all. */
  readonly sampled: number | null;
  /** NaN where it is not known, as the next three. */
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly zeros: number | null;
  readonly notFinite: number | null;
  /** One more than there are counts. */
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

export interface Inspection {
  readonly value: Statistics | null;
  readonly gradient: Statistics | null;
  /** The newest recorded norms, where the values could not be read. */
  readonly norms: readonly RecordedNorm[];
  /** Why the values are not the tensor's current ones, as a sentence; null where they are. */
  readonly reason: string | null;
  /** False after a timeout or a refusal; then `reason` says why. */
  readonly answered: boolean;
}

/** A picture of activations with its values decoded. */
export interface Picture extends Omit<SentPicture, "values"> {
  /** Panel by panel, row by row. */
  readonly values: Float32Array;
}

/** A histogram of one parameter's gradient. */
export interface GradientHistogram {
  readonly name: string;
  readonly step: number;
  /** One more than there are counts. */
  readonly edges: Float64Array;
  readonly counts: Float32Array;
}

export type Change = "snapshot" | "frame" | "cursor" | "selection" | "connection";

export interface RunSession {
  readonly runId: string;
  /** Null until the first snapshot has come. */
  readonly state: RunState | null;
  readonly graph: GraphData | null;
  readonly tables: readonly SeriesTable[];
  /** Whether some tables have not arrived since the last snapshot. */
  readonly isLoading: boolean;
  /** The step that all views show; null follows the live end. */
  readonly cursor: number | null;
  /** The selected parameter, module or node, by its name, path or id. */
  readonly selected: string | null;
  /** What goes wrong in the run, the gravest first. */
  readonly findings: readonly Finding[];
  /** Folder of the course's notebooks on the kernel's machine; null where there is none. */
  readonly course: string | null;
  /** Why there is nothing live to show, as a sentence; null without a problem. */
  readonly problem: string | null;
  /** Resolves to an earlier structure; null when it is no longer stored, or after a timeout. */
  graphOf(signature: string): Promise<GraphData | null>;
  /**
   * Requests the values of a parameter, by its name, or of an operation, by its node's id. Resolves
   * within seconds, after a timeout without values.
   */
  inspect(name: string): Promise<Inspection>;
  /** Resolves to the modules of which there are pictures; null after a timeout. */
  subjects(): Promise<readonly PictureSubject[] | null>;
  /**
   * Resolves to the newest picture that is not after a step, or to the newest of all for null.
   * Resolves to null where there is none, or after a timeout.
   */
  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null>;
  /** Resolves to histograms of gradients, not after a step; null after a timeout. */
  histograms(
    names: readonly string[],
    bins: "magnitude" | "even",
    step: number | null,
  ): Promise<readonly GradientHistogram[] | null>;
  setCursor(step: number | null): void;
  /** Selects a parameter, module or node in all views. */
  select(name: string | null): void;
  /** Calls `listener` after each change; returns the function that ends the subscription. */
  subscribe(listener: (change: Change) => void): () => void;
  /** Resolves to false after a timeout (no subshell, and a cell is running). */
  control(action: ControlAction): Promise<boolean>;
  /** Resolves to the address of a large script, as a blob of this page; loaded once per page. */
  asset(name: AssetName): Promise<string>;
}

/** Draws a view of a session into an element; returns its clean-up. */
export type DrawView = (root: HTMLElement, session: RunSession) => () => void;
