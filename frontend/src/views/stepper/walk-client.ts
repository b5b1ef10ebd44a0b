/** Requests the walk, and edits of leaves, from the kernel. */

import type { Buffers } from "../../decoding/buffers";
import { PROTOCOL_VERSION, versionProblem } from "../../messages/protocol";
import type {
  StepperMessage,
  StepperRequest,
  WalkMessage,
  WalkRequest,
} from "../../messages/stepper";
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
import { readWalk, type Walk } from "./walk";

/** The model of the stepper's widget, as anywidget passes it to `render`. */
export type StepperModel = MessageModel<StepperRequest>;

export interface WalkListener {
  walk(walk: Walk): void;
  /** There is a problem, described by a sentence; null if there is none any more. */
  problem(message: string | null): void;
  /** A request was refused, with the reason as a sentence. */
  refused(message: string): void;
}

export const EDIT_DELAYED =
  "The kernel has not answered yet. While a cell runs, a change of a leaf is made when it ends.";

export class WalkClient {
  private requests = 0;
  private stopResending: () => void = () => undefined;
  private cancelProblem: () => void = () => undefined;
  private hasWalk = false;
  private readonly receive = (content: unknown, buffers: Buffers = []) =>
    this.handle(content, buffers);

  constructor(
    private readonly model: StepperModel,
    private readonly messages: MessageRecorder,
    private readonly listener: WalkListener,
  ) {}

  /** Reads the walk that has been sent, or requests it. */
  open(): void {
    const wasSentBefore = this.messages.hasDelivered;
    this.messages.add(this.receive);
    if (this.hasWalk) return;
    this.reportLater(KERNEL_BUSY);
    this.stopResending = sendRepeatedly(
      this.model,
      (again): WalkRequest => ({ type: "walk", protocol: PROTOCOL_VERSION, again }),
      this.messages.scripts.arrivals,
      wasSentBefore,
    );
    if (!isLive(this.model)) this.listener.problem(KERNEL_DISCONNECTED);
  }

  edit(leaf: string, index: number, value: number): void {
    this.request((request) => ({ type: "edit", request, leaf, index, value }));
  }

  reset(): void {
    this.request((request) => ({ type: "reset", request }));
  }

  close(): void {
    this.stopWaiting();
    this.messages.remove(this.receive);
  }

  private request(message: (request: number) => StepperRequest): void {
    this.requests += 1;
    this.reportLater(EDIT_DELAYED);
    send(this.model, message(this.requests));
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

  private handle(content: unknown, buffers: Buffers): void {
    const message = content as StepperMessage;
    switch (message.type) {
      case "refused":
        this.stopWaiting();
        this.listener.refused(message.reason);
        break;
      case "walk":
        this.receiveWalk(message, buffers);
        break;
    }
  }

  private receiveWalk(message: WalkMessage, buffers: Buffers): void {
    this.hasWalk = true;
    this.stopWaiting();
    const problem = versionProblem(message.protocol);
    this.listener.problem(problem);
    if (problem === null) this.listener.walk(readWalk(message, buffers));
  }
}
