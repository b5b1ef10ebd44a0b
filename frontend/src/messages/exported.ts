/** What an exported page contains of a run: requests of a page, and the kernel's replies. */

import type {
  GraphMessage,
  HistogramsMessage,
  InspectionMessage,
  PictureMessage,
  SampleMessage,
  SnapshotMessage,
  SubjectsMessage,
} from "./kernel";
import type {
  GraphRequest,
  HelloMessage,
  HistogramsRequest,
  InspectRequest,
  PictureRequest,
  SampleRequest,
  SubjectsRequest,
} from "./page";
import type { ViewName } from "./widgets";

export type Question =
  | HelloMessage
  | GraphRequest
  | InspectRequest
  | SubjectsRequest
  | HistogramsRequest
  | PictureRequest
  | SampleRequest;

export type Reply =
  | SnapshotMessage
  | GraphMessage
  | InspectionMessage
  | SubjectsMessage
  | HistogramsMessage
  | PictureMessage
  | SampleMessage;

/** A request and the reply to it; the numbers of both are 0. */
export interface ExportedRecord {
  readonly question: Question;
  readonly reply: Reply;
}

/** A run of an exported page. */
export interface ExportedRun {
  readonly run_id: string;
  /** Its name in a comparison. */
  readonly name: string;
}

/** What an exported page shows. */
export interface ExportedPage {
  readonly protocol: number;
  readonly view: ViewName;
  readonly runs: readonly ExportedRun[];
}
