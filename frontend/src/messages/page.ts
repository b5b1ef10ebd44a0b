/** Messages from the page to the kernel. */

import type { Quantity, Schedule } from "./tuning";
import type { HistogramBins, PictureKind } from "./values";

export type AssetName = "labkit.js" | "plotly.js" | "layout.js";

export type ControlAction = "pause" | "resume" | "step" | "stop";

/** Requests a snapshot. */
export interface HelloMessage {
  readonly type: "hello";
  readonly protocol: number;
  /** Whether the page needs one though the kernel has sent it one. */
  readonly again: boolean;
}

/** Requests a script of the frontend. */
export interface AssetRequest {
  readonly type: "asset";
  readonly name: AssetName;
  /** Whether the page needs it though the kernel has sent it. */
  readonly again: boolean;
}

/** Requests that buffers be sent as text, as none arrive (`transport/text-buffers.ts`). */
export interface TextRequest {
  readonly type: "text";
}

/** Acknowledges a snapshot or a frame, about once a second. */
export interface ReceivedMessage {
  readonly type: "received";
  readonly seq: number;
  /** Time in ms that drawing a frame takes of the page's main thread. */
  readonly drawing: number;
  /** Whether the page's address is that of the machine of the kernel. */
  readonly local: boolean;
  /** Whether any view is in sight. */
  readonly in_sight: boolean;
  /** Whether views stay open when the output that shows them is updated. */
  readonly in_place: boolean;
}

/** Requests the graph with a signature. */
export interface GraphRequest {
  readonly type: "graph";
  readonly signature: string;
}

/** Requests statistics of a parameter, by its name, or of a node, by its id. */
export interface InspectRequest {
  readonly type: "inspect";
  readonly name: string;
  readonly request: number;
}

/** Requests the list of modules with pictures of activations. */
export interface SubjectsRequest {
  readonly type: "subjects";
  readonly request: number;
}

/** Requests gradient histograms: the newest up to a step, or the newest of all for null. */
export interface HistogramsRequest {
  readonly type: "histograms";
  readonly request: number;
  readonly names: readonly string[];
  readonly bins: HistogramBins;
  readonly step: number | null;
}

/** Requests a picture: the newest up to a step, or the newest of all for null. */
export interface PictureRequest {
  readonly type: "picture";
  readonly request: number;
  readonly module: string;
  readonly kind: PictureKind;
  readonly step: number | null;
}

/** Requests a sample: the newest up to a step, or the newest of all for null. */
export interface SampleRequest {
  readonly type: "sample";
  readonly request: number;
  readonly name: string;
  readonly step: number | null;
}

/** Requests that the training loop is paused, resumed, stepped or stopped. */
export interface ControlRequest {
  readonly type: "control";
  readonly action: ControlAction;
  readonly request: number;
}

/** Requests a pace in steps per second, from 1 to 1,000; null for full speed. */
export interface PaceRequest {
  readonly type: "pace";
  readonly pace: number | null;
  readonly request: number;
}

/** Requests that the findings of a rule are silenced in this run, or reported again. */
export interface IgnoreRequest {
  readonly type: "ignore";
  readonly rule: string;
  readonly ignored: boolean;
  readonly request: number;
}

/** Requests the run as an HTML page. */
export interface ExportRequest {
  readonly type: "export";
  readonly request: number;
}

/** Requests another value of a hyperparameter; of betas, `value` has two numbers. */
export interface AdjustRequest {
  readonly type: "adjust";
  readonly group: string;
  readonly quantity: Quantity;
  readonly value: readonly number[];
  readonly schedule: Schedule;
  readonly request: number;
}

/** Requests that a module is frozen or thawed. */
export interface FreezeRequest {
  readonly type: "freeze";
  readonly module: string;
  readonly frozen: boolean;
  readonly request: number;
}

/** Requests another part of the loop's time for watching, 0 to 1. */
export interface BudgetRequest {
  readonly type: "budget";
  readonly budget: number;
  readonly request: number;
}

/** Requests that a change is taken back, by the id of its event. */
export interface UndoRequest {
  readonly type: "undo";
  readonly event: number;
  readonly request: number;
}

export type PageMessage =
  | HelloMessage
  | AssetRequest
  | TextRequest
  | ReceivedMessage
  | GraphRequest
  | InspectRequest
  | SubjectsRequest
  | HistogramsRequest
  | PictureRequest
  | SampleRequest
  | ControlRequest
  | PaceRequest
  | IgnoreRequest
  | ExportRequest
  | AdjustRequest
  | FreezeRequest
  | BudgetRequest
  | UndoRequest;
