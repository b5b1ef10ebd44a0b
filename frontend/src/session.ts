/**
 * The interface through which a view reads and controls a run.
 *
 * There is one session per run and page, so that all views of the run share its history and its
 * cursor. Views read the data; only the transport writes it.
 */

import type { GraphData } from "./messages/graph";
import type { MessageHandler, NotebookKind } from "./messages/kernel";
import type {
  AdjustRequest,
  AssetName,
  BudgetRequest,
  ControlAction,
  FreezeRequest,
  UndoRequest,
} from "./messages/page";
import type { Finding, FindingsHistory, Progress, RunState } from "./messages/run";
import type { SampleSeries, SentSample } from "./messages/samples";
import type { TableKind } from "./messages/tables";
import type { Tuning } from "./messages/tuning";
import type {
  HistogramBins,
  PictureKind,
  PictureSubject,
  RecordedNorm,
  SentInput,
  SentPicture,
} from "./messages/values";

/** How this page and the kernel reach each other while a loop runs, as measured on this page. */
export interface Delivery {
  /** What handles the page's messages, or "cell end" if nothing does before the cell has ended. */
  readonly clicks: MessageHandler | "cell end";
  /** Whether the page loses binary buffers, so that they are sent as text. */
  readonly isText: boolean;
}

/** Points of one column, sorted by step. */
export interface Points {
  readonly steps: Float64Array;
  readonly values: Float32Array;
}

/** A table of series that are recorded together, with a bounded history. */
export interface SeriesTable {
  readonly id: string;
  readonly kind: TableKind;
  readonly names: readonly string[];
  /** Step of the newest row; -1 while empty. */
  readonly lastStep: number;
  /**
   * Returns the points of a column: the extremes of each bucket, then all values of the newest
   * rows. NaN is omitted, except in losses, learning rates and metrics, where it does not mean "not
   * read".
   */
  points(column: number): Points;
  /** Returns the newest value of every column, of any step; null without rows. */
  latest(): Float32Array | null;
}

/** Statistics of a tensor's values. */
export interface Statistics {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The step at which the values were read; null for the current values. */
  readonly step: number | null;
  /** Number of elements that were read; null for all. */
  readonly sampled: number | null;
  /** NaN if unknown, as the next three. */
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly zeros: number | null;
  readonly notFinite: number | null;
  /** Edges of the bins, `counts.length + 1` values. */
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

export interface Inspection {
  readonly value: Statistics | null;
  readonly gradient: Statistics | null;
  /** The newest recorded norms, if the values could not be read. */
  readonly norms: readonly RecordedNorm[];
  /** Why the values are not the current ones, as a sentence; null if they are. */
  readonly reason: string | null;
  /** False after a timeout or a refusal; then `reason` says why. */
  readonly answered: boolean;
}

/** A picture of activations with its values decoded. */
export interface Picture extends Omit<SentPicture, "values" | "given"> {
  /** Row major: panels, rows, columns. */
  readonly values: Float32Array;
  readonly given: ModelInput | null;
}

/** A sample of a model's input with its values decoded. */
export interface ModelInput extends Omit<SentInput, "values"> {
  /** Row major: panels, rows, columns. */
  readonly values: Float32Array;
}

/** A logged image, text or figure with its content decoded. */
export interface Sample extends Omit<SentSample, "content"> {
  readonly content: Uint8Array<ArrayBuffer>;
}

/** A histogram of the gradient of one parameter. */
export interface GradientHistogram {
  readonly name: string;
  readonly step: number;
  /** Edges of the bins, `counts.length + 1` values. */
  readonly edges: Float64Array;
  readonly counts: Float32Array;
}

/** A range of steps that is marked in the curves that show a finding. */
export interface StepMark {
  /** The text at the range. */
  readonly name: string;
  readonly severity: Finding["severity"];
  readonly steps: readonly [first: number, last: number];
  /** Names of the series in whose curves it is drawn. */
  readonly series: readonly string[];
}

/** Runs that are shown beside each other: their views have the same axes and scales of colours. */
export interface RunsBeside {
  /** All of them. */
  readonly sessions: readonly RunSession[];
  /** Draws the views of all of them anew, after a change of a setting that they share. */
  redraw(): void;
}

/** A change to the training, without the number of its request. */
export type RequestedChange =
  | Omit<AdjustRequest, "request">
  | Omit<FreezeRequest, "request">
  | Omit<BudgetRequest, "request">
  | Omit<UndoRequest, "request">;

export interface ChangeReply {
  /** False after a timeout: without a subshell, while a cell is running. */
  readonly answered: boolean;
  /** Why the change was refused, as a sentence; null if it was not. */
  readonly reason: string | null;
}

/** An HTML page of a run, or why there is none, as a sentence. */
export type ExportReply =
  | { readonly page: Blob }
  | { readonly page: null; readonly reason: string };

/**
 * Called with the fraction of a page that has arrived, 0 to 1, or if the kernel has not answered for
 * a moment.
 */
export type ReportExport = (progress: number | "unanswered") => void;

export type Change = "snapshot" | "frame" | "cursor" | "selection" | "mark" | "connection";

export interface RunSession {
  readonly runId: string;
  /** Null before the first snapshot. */
  readonly state: RunState | null;
  readonly graph: GraphData | null;
  /** The epochs and the time at some steps. */
  readonly progress: Progress;
  readonly tables: readonly SeriesTable[];
  /** Whether some tables have not arrived since the last snapshot. */
  readonly isLoading: boolean;
  /** Whether all views draw the newest frame, or only the status and the curves. */
  readonly drawsAll: boolean;
  /** The step that all views show; null follows the live end. */
  readonly cursor: number | null;
  /** The selected parameter, module or node, by its name, path or id. */
  readonly selected: string | null;
  /** The most severe first. */
  readonly findings: readonly Finding[];
  readonly history: FindingsHistory;
  /** Names of the parameters that require no gradient, as of the newest reading. */
  readonly frozen: ReadonlySet<string>;
  /** What the run was configured with, in the order in which it is displayed. */
  readonly configuration: Readonly<Record<string, string>>;
  /** What a person can change in the training, and has changed. */
  readonly tuning: Tuning;
  /** The logged images, texts and figures, by name, in the order of their first ones. */
  readonly samples: readonly SampleSeries[];
  /** The runs that are shown beside this one, with the same axes and colours; null for none. */
  readonly beside: RunsBeside | null;
  /** The range of steps that the curves mark; null for none. */
  readonly mark: StepMark | null;
  /** Folder of the course's notebooks on the kernel's machine; null if there is none. */
  readonly course: string | null;
  readonly notebook: NotebookKind;
  /** When the page was exported as a file, in s since 1970; null if a kernel has made it. */
  readonly exported: number | null;
  /** Whether the kernel's messages arrive, but the page's do not while the cell is running. */
  readonly isOneWay: boolean;
  /** Number of pictures, histograms and samples that the kernel has sent without a request. */
  readonly pushed: number;
  /** Null before anything was measured, and while no loop is watched. */
  readonly delivery: Delivery | null;
  /** Why the data are not live, as a sentence; null without a problem. */
  readonly problem: string | null;
  /**
   * Resolves to the graph with a signature; null if it is not stored any more, after a timeout, or
   * if this page has not received it and cannot request it now.
   */
  graphOf(signature: string): Promise<GraphData | null>;
  /**
   * Requests statistics of a parameter, by its name, or of an operation, by the id of its node.
   * Resolves without values after a timeout.
   */
  inspect(name: string): Promise<Inspection>;
  /** Resolves to the modules with pictures; null after a timeout. */
  subjects(): Promise<readonly PictureSubject[] | null>;
  /**
   * Resolves to the newest picture up to a step, or to the newest of all for null. Resolves to null
   * if there is none, or after a timeout. Where requests wait for the end of the cell, these and
   * the histograms are those that the kernel has sent without one.
   */
  picture(module: string, kind: PictureKind, step: number | null): Promise<Picture | null>;
  /** Resolves to the newest gradient histograms up to a step; null after a timeout. */
  histograms(
    names: readonly string[],
    bins: HistogramBins,
    step: number | null,
  ): Promise<readonly GradientHistogram[] | null>;
  /** Resolves to the newest sample of a name up to a step, like `picture`. */
  sample(name: string, step: number | null): Promise<Sample | null>;
  setCursor(step: number | null): void;
  /** Selects a parameter, module or node in all views. */
  select(name: string | null): void;
  /** Marks a range of steps in the curves; null removes the mark. */
  setMark(mark: StepMark | null): void;
  /** Calls `listener` after each change; returns the function that ends the subscription. */
  subscribe(listener: (change: Change) => void): () => void;
  /** Resolves to false after a timeout: without a subshell, while a cell is running. */
  control(action: ControlAction): Promise<boolean>;
  /** Sets the pace in steps per second, null for full speed; resolves like `control`. */
  setPace(pace: number | null): Promise<boolean>;
  /** Silences a rule or reports its findings again; resolves like `control`. */
  ignore(rule: string, ignored: boolean): Promise<boolean>;
  /** Requests a change to the training, which is applied at the end of a step. */
  changeTraining(change: RequestedChange): Promise<ChangeReply>;
  /** Requests the run as an HTML page; resolves when it has arrived, however late. */
  exportPage(report: ReportExport): Promise<ExportReply>;
  /** Resolves to the blob URL of a script, which is loaded once per page. */
  asset(name: AssetName): Promise<string>;
}

/** Draws a view of a session into an element; returns its clean-up. */
export type DrawView = (root: HTMLElement, session: RunSession) => () => void;
