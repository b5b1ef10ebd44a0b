/** Receives the runs of a folder from the kernel, and requests comparisons of some. */

import type { Buffers } from "../../decoding/buffers";
import { PROTOCOL_VERSION, versionProblem } from "../../messages/protocol";
import type {
  ComparedMessage,
  RunsKernelMessage,
  RunsPageMessage,
  RunsRequest,
} from "../../messages/runs";
import {
  ANSWER_TIMEOUT_MS,
  isLive,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  type MessageModel,
  send,
} from "../../transport/channel";
import type { MessageRecorder } from "../../transport/message-recorder";
import { sendRepeatedly } from "../../transport/send-repeatedly";
import { type RunEntry, readEntries } from "./run-entry";

/** The model of the widget, as anywidget passes it to `render`. */
export type RunsModel = MessageModel<RunsPageMessage>;

/** What is known of the folder. */
export interface FolderContent {
  readonly folder: string;
  /** Why not all runs are listed; null if they are. */
  readonly problem: string | null;
  /** The runs by their keys. */
  readonly runs: ReadonlyMap<string, RunEntry>;
}

export interface RunsListener {
  runs(content: FolderContent): void;
  compared(message: ComparedMessage): void;
  /** There is a problem, described by a sentence; null if there is none any more. */
  problem(message: string | null): void;
  /** A comparison was refused, with the reason as a sentence. */
  refused(message: string): void;
}

export const COMPARISON_DELAYED =
  "The kernel has not answered yet: while a cell runs, this front end may deliver clicks only when " +
  "it ends. In a cell, runs.compare(…) does the same.";

export class RunsClient {
  private requests = 0;
  private content: FolderContent | null = null;
  private stopResending: () => void = () => undefined;
  private cancelProblem: () => void = () => undefined;
  private readonly receive = (content: unknown, buffers: Buffers = []) =>
    this.handle(content as RunsKernelMessage, buffers);

  constructor(
    private readonly model: RunsModel,
    private readonly messages: MessageRecorder,
    private readonly listener: RunsListener,
  ) {}

  /** Reads the runs that have been sent, or requests them. */
  open(): void {
    const wasSentBefore = this.messages.hasDelivered;
    this.messages.add(this.receive);
    if (this.content) return;
    this.reportLater(KERNEL_BUSY);
    this.stopResending = sendRepeatedly(
      this.model,
      (again): RunsRequest => ({ type: "runs", protocol: PROTOCOL_VERSION, again }),
      this.messages.scripts.arrivals,
      wasSentBefore,
    );
    if (!isLive(this.model)) this.listener.problem(KERNEL_DISCONNECTED);
  }

  /** Requests a comparison of some runs; of none, that the comparison is closed. */
  compare(keys: readonly string[]): void {
    this.requests += 1;
    this.reportLater(COMPARISON_DELAYED);
    send(this.model, { type: "compare", request: this.requests, keys });
  }

  close(): void {
    this.stopWaiting();
    this.messages.remove(this.receive);
  }

  /** Reports a problem if no answer arrives in time. */
  private reportLater(problem: string): void {
    this.cancelProblem();
    this.cancelProblem = this.messages.scripts.arrivals.afterSilence(ANSWER_TIMEOUT_MS, () =>
      this.listener.problem(isLive(this.model) ? problem : KERNEL_DISCONNECTED),
    );
  }

  private stopWaiting(): void {
    this.cancelProblem();
    this.stopResending();
  }

  private handle(message: RunsKernelMessage, buffers: Buffers): void {
    switch (message.type) {
      case "runs": {
        this.stopWaiting();
        const problem = versionProblem(message.protocol);
        this.listener.problem(problem);
        if (problem !== null) return;
        const { folder } = message;
        const runs = withEntries([], readEntries(message.content, buffers));
        this.show({ folder, problem: message.problem, runs });
        break;
      }
      case "run-rows": {
        if (!this.content) return; // all runs follow
        const left = [...this.content.runs].filter(([key]) => !message.removed.includes(key));
        const runs = withEntries(left, readEntries(message.content, buffers));
        this.show({ ...this.content, problem: message.problem, runs });
        break;
      }
      case "compared":
        if (message.request === this.requests) this.answered();
        if (message.request === null || message.request === this.requests) {
          this.listener.compared(message);
        }
        break;
      case "refused":
        this.answered();
        this.listener.refused(message.reason);
        break;
    }
  }

  private answered(): void {
    this.cancelProblem();
    this.listener.problem(null);
  }

  private show(content: FolderContent): void {
    this.content = content;
    this.listener.runs(content);
  }
}

/** Returns runs with others added or replaced. */
function withEntries(
  known: Iterable<readonly [string, RunEntry]>,
  entries: readonly RunEntry[],
): ReadonlyMap<string, RunEntry> {
  return new Map([...known, ...entries.map((entry) => [entry.key, entry] as const)]);
}
