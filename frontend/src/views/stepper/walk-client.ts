/** Where the walk comes from: asks the kernel for it, and has leaves edited there. */

import type { Buffers } from "../../decoding/buffers";
import {
  ANSWER_TIMEOUT_MS,
  isLive,
  KERNEL_BUSY,
  KERNEL_GONE,
  type MessageModel,
  send,
} from "../../transport/channel";
import { sendRepeatedly } from "../../transport/send-repeatedly";
import type { StepperMessage, StepperRequest } from "./protocol";
import { readWalk, type Walk } from "./walk";

/** The stepper's own model, as anywidget passes it to `render`. */
export type StepperModel = MessageModel<StepperRequest>;

export interface SourceListener {
  walk(walk: Walk): void;
  /** A sentence on what is in the way; null when that is over. */
  trouble(words: string | null): void;
  /** A sentence on why the kernel did not do what was asked. */
  refused(words: string): void;
}

export const CHANGE_WAITS =
  "The kernel has not answered yet. While a cell runs, a change of a leaf is made when it ends.";

export class WalkSource {
  private requests = 0;
  private readonly stopAsking: () => void;
  private answerTimer: ReturnType<typeof setTimeout>;
  private readonly receive = (content: unknown, buffers: Buffers = []) =>
    this.take(content, buffers);

  constructor(
    private readonly model: StepperModel,
    private readonly listener: SourceListener,
  ) {
    model.on("msg:custom", this.receive);
    this.answerTimer = setTimeout(
      () => listener.trouble(isLive(model) ? KERNEL_BUSY : KERNEL_GONE),
      ANSWER_TIMEOUT_MS,
    );
    this.stopAsking = sendRepeatedly(model, { type: "walk" });
    if (!isLive(model)) listener.trouble(KERNEL_GONE);
  }

  edit(leaf: string, index: number, value: number): void {
    this.ask((request) => ({ type: "edit", request, leaf, index, value }));
  }

  reset(): void {
    this.ask((request) => ({ type: "reset", request }));
  }

  close(): void {
    this.settle();
    this.model.off("msg:custom", this.receive);
  }

  private ask(message: (request: number) => StepperRequest): void {
    this.requests += 1;
    clearTimeout(this.answerTimer);
    const waits = () => this.listener.trouble(isLive(this.model) ? CHANGE_WAITS : KERNEL_GONE);
    this.answerTimer = setTimeout(waits, ANSWER_TIMEOUT_MS);
    send(this.model, message(this.requests));
  }

  private settle(): void {
    clearTimeout(this.answerTimer);
    this.stopAsking();
  }

  private take(content: unknown, buffers: Buffers): void {
    const message = content as StepperMessage;
    if (message.type === "refused") {
      this.settle();
      this.listener.refused(message.reason);
      return;
    }
    if (message.type !== "walk") return;
    this.settle();
    this.listener.trouble(null);
    this.listener.walk(readWalk(message, buffers));
  }
}
