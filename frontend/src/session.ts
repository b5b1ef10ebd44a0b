/**
 * What a view sees of a run: its state, its history and its controls.
 *
 * One session per run and page, shared by all views of that run, so that they
 * have one history and one cursor. Views read; only the transport writes.
 */

import type {
  AssetName,
  BlockKind,
  ControlAction,
  GraphData,
  PictureKind,
  PictureSubject,
  RecordedNorm,
  RunState,
  SentPicture,
} from "./protocol";

/** Points of one column in the order of their steps. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float32Array;
}

/** Columns that are sampled together, with their bounded history. */
export interface Block {
  readonly id: string;
  readonly kind: BlockKind;
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

/** What is told of a tensor's values. */
export interface Statistics {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The step at which they were read, for values of the past. */
  readonly step: number | null;
  /** How many elements were read, where that was not all. */
  readonly sampled: number | null;
  /** NaN where it is not known, as are the next three. */
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
  /** Why it is not what the tensor holds now, as a sentence; null where it is. */
  readonly reason: string | null;
  /** False where the kernel gave no answer in time, or refused one; `reason` says why. */
  readonly answered: boolean;
}

/** A picture of activations, with its values read. */
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
  readonly blocks: readonly Block[];
  /** The step that all views show; null follows the live end. */
  readonly cursor: number | null;
  /** The parameter, module or node that a person picked, by its name, path or id. */
  readonly selected: string | null;
  /** Folder of the course's notebooks where the kernel runs; null where they are not. */
  readonly course: string | null;
  /** Why there is nothing live to show, as a sentence; null when all is well. */
  readonly problem: string | null;
  /** A structure that this run's graph had; null when it is kept no more, or no answer came. */
  graphOf(signature: string): Promise<GraphData | null>;
  /**
   * The values of a parameter, by its name, or of an operation, by its node's id; asked of the
   * kernel, and answered within seconds in any case.
   */
  inspect(name: string): Promise<Inspection>;
  /** The modules of which there are pictures of activations; null when no answer came. */
  subjects(): Promise<readonly PictureSubject[] | null>;
  /**
   * The newest picture that is not after a step; null asks for the newest of all. Resolves to null
   * where there is none, or no answer came.
   */
  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null>;
  /** Histograms of some parameters' gradients, not after a step; null when no answer came. */
  histograms(
    names: readonly string[],
    bins: "magnitude" | "even",
    step: number | null,
  ): Promise<readonly GradientHistogram[] | null>;
  setCursor(step: number | null): void;
  /** Picks something in all views. */
  select(name: string | null): void;
  /** Called after each change; returns the function that ends the subscription. */
  subscribe(listener: (change: Change) => void): () => void;
  /** Resolves to false when the kernel did not answer in time (no subshell, cell still running). */
  control(action: ControlAction): Promise<boolean>;
  /** Address of a heavy asset, as a blob of this page; loaded once per page. */
  asset(name: AssetName): Promise<string>;
}

/** Draws a view of a session into an element; returns its clean-up. */
export type DrawView = (root: HTMLElement, session: RunSession) => () => void;
