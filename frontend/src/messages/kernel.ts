/** Messages from the kernel to the page. */

import type { GraphData } from "./graph";
import type { AssetName } from "./page";
import type { BufferIndex } from "./protocol";
import type { Finding, FindingsHistory, Progress, RunState } from "./run";
import type { SampleSeries, SentSample } from "./samples";
import type { TableRows, TableSnapshot } from "./tables";
import type { Tuning, TuningChanges } from "./tuning";
import type {
  HistogramBins,
  PictureSubject,
  RecordedNorm,
  SentPicture,
  SentStatistics,
} from "./values";

/**
 * What handled a message of a page while a loop ran: a subshell, the loop itself at the end of a
 * step, or the kernel's free main thread, as the loop runs in the background.
 */
export type MessageHandler = "subshell" | "step end" | "background";

/** What executes the notebook. */
export type NotebookKind = "jupyter" | "marimo";

/** The complete state of a run, except the tables in `pending`, which follow in frames. */
export interface SnapshotMessage {
  readonly type: "snapshot";
  readonly seq: number;
  /** The highest number that a page has acknowledged; null if none. */
  readonly acknowledged: number | null;
  /** What handled the newest message of a page that was handled while a loop ran; null if none. */
  readonly handler: MessageHandler | null;
  readonly run: RunState;
  /** Frames do not repeat it, as they contain the newest step, time and epoch. */
  readonly progress: Progress;
  readonly tables: readonly TableSnapshot[];
  readonly graph: GraphData | null;
  /** The most severe first. */
  readonly findings: readonly Finding[];
  readonly history: FindingsHistory;
  /** Names of the frozen parameters, which require no gradient. */
  readonly frozen: readonly string[];
  /** What the run was configured with, in the order in which it is displayed. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly tuning: Tuning;
  readonly samples: readonly SampleSeries[];
  /** Folder of the course's notebooks on the kernel's machine, with "~" for the home folder. */
  readonly course: string | null;
  readonly notebook: NotebookKind;
  /** Ids of the tables that did not fit into this message. */
  readonly pending: readonly string[];
  /** When the page with this message was exported, in s since 1970; null if it was sent. */
  readonly exported: number | null;
}

/** What changed since the previous snapshot or frame. */
export interface FrameMessage {
  readonly type: "frame";
  /** The number of the previous snapshot or frame plus one; after a gap a snapshot is requested. */
  readonly seq: number;
  /** The highest number that a page has acknowledged; null if none. */
  readonly acknowledged: number | null;
  /** Whether all views draw the frame, or only the status and the curves. */
  readonly draws_all: boolean;
  /** Whether the page acknowledges the frame at once, as the kernel waits for that. */
  readonly awaited: boolean;
  /** As in a snapshot. */
  readonly handler: MessageHandler | null;
  /** The fields that have changed. */
  readonly run: Partial<RunState>;
  readonly tables: readonly TableRows[];
  /**
   * Complete tables that replace those of the page: tables that did not fit into the snapshot,
   * tables with new columns, and tables whose new rows are already in buckets.
   */
  readonly snapshots?: readonly TableSnapshot[];
  /** Present if the structure of the graph is new. */
  readonly graph?: GraphData;
  /** Present if they changed. */
  readonly findings?: readonly Finding[];
  /** Present if it changed. */
  readonly history?: FindingsHistory;
  readonly frozen?: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly tuning?: TuningChanges;
  /** Those that changed. */
  readonly samples?: readonly SampleSeries[];
}

/** The graph with a signature; null if it is not stored any more. */
export interface GraphMessage {
  readonly type: "graph";
  readonly signature: string;
  readonly graph: GraphData | null;
}

/** Statistics of a tensor and of its gradient; null where they are not available. */
export interface InspectionMessage {
  readonly type: "inspection";
  readonly request: number;
  readonly value: SentStatistics | null;
  readonly gradient: SentStatistics | null;
  /** The newest recorded norms, if the values could not be read. */
  readonly norms: readonly RecordedNorm[];
  /** Why the values are not the current ones; null if they are. */
  readonly reason: string | null;
}

/** The modules with pictures of activations. */
export interface SubjectsMessage {
  readonly type: "subjects";
  /** Null without a request, where requests wait for the end of the cell. */
  readonly request: number | null;
  readonly subjects: readonly PictureSubject[];
}

/** Gradient histograms of some parameters. */
export interface HistogramsMessage {
  readonly type: "histograms";
  /** As in a list of pictures. */
  readonly request: number | null;
  readonly names: readonly string[];
  readonly bins: HistogramBins;
  /** float64[names]; NaN without a histogram. */
  readonly steps: BufferIndex;
  /** float64[names * 41]. */
  readonly edges: BufferIndex;
  /** float32[names * 40]. */
  readonly counts: BufferIndex;
}

/** A picture of activations; null if there is none. */
export interface PictureMessage {
  readonly type: "picture";
  /** As in a list of pictures. */
  readonly request: number | null;
  readonly picture: SentPicture | null;
}

/** A logged image, text or figure; null if there is none. */
export interface SampleMessage {
  readonly type: "sample";
  /** As in a list of pictures. */
  readonly request: number | null;
  readonly sample: SentSample | null;
}

/** A script of the frontend, compressed with gzip, in one buffer. */
export interface AssetMessage {
  readonly type: "asset";
  readonly name: AssetName;
}

/** A part of an HTML page that is compressed with gzip, in one buffer; the parts come in order. */
export interface PagePartMessage {
  readonly type: "page";
  readonly request: number;
  readonly index: number;
  readonly count: number;
}

/** The reply to a `ControlRequest`, an `IgnoreRequest`, or a request of a change or a page. */
export interface AcknowledgedMessage {
  readonly type: "acknowledged";
  readonly request: number;
}

/** The reply to a request that cannot be fulfilled, with the reason. */
export interface RefusedMessage {
  readonly type: "refused";
  readonly reason: string;
  /** The number of the request; null if it had none. */
  readonly request: number | null;
  /** The type of the request. */
  readonly question: string | null;
  /** The signature or the name in the request. */
  readonly subject: string | null;
}

/** Part `index` of `count` of an encoded message, in one buffer (`transport/fragments.ts`). */
export interface FragmentMessage {
  readonly type: "fragment";
  /** The number of the encoded message. */
  readonly message: number;
  readonly index: number;
  readonly count: number;
}

export type KernelMessage =
  | SnapshotMessage
  | FrameMessage
  | GraphMessage
  | InspectionMessage
  | SubjectsMessage
  | HistogramsMessage
  | PictureMessage
  | SampleMessage
  | AssetMessage
  | PagePartMessage
  | AcknowledgedMessage
  | RefusedMessage
  | FragmentMessage;
