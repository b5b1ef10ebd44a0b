/** Where the walk comes from: asks the kernel for it, and has leaves edited there. */

import {
  type Buffers,
  GONE,
  isLive,
  PATIENCE,
  type Sender,
  say,
  WAITING,
} from "../transport/channel";
import { sayRepeatedly } from "../transport/repeat";
import type { StepperMessage, StepperRequest } from "./protocol";
import { readWalk, type Walk } from "./walk";

/** The stepper's own model, as anywidget hands it over. */
export interface StepperModel extends Sender<StepperRequest> {
  on(event: "msg:custom", listener: (content: unknown, buffers?: Buffers) => void): void;
  off(event: "msg:custom", listener: (content: unknown, buffers?: Buffers) => void): void;
}

export interface SourceListener {
  walk(walk: Walk): void;
  /** A sentence on what is in the way; null when that is over. */
  trouble(words: string | null): void;
  /** A sentence on why the kernel did not do what was asked. */
  refused(words: string): void;
}

export class WalkSource {
  private requests = 0;
  private readonly stopAsking: () => void;
  private readonly patience: ReturnType<typeof setTimeout>;
  private readonly hear = (content: unknown, buffers: Buffers = []) => this.take(content, buffers);

  constructor(
    private readonly model: StepperModel,
    private readonly listener: SourceListener,
  ) {
    model.on("msg:custom", this.hear);
    this.patience = setTimeout(() => listener.trouble(isLive(model) ? WAITING : GONE), PATIENCE);
    this.stopAsking = sayRepeatedly(model, { type: "walk" });
    if (!isLive(model)) listener.trouble(GONE);
  }

  edit(leaf: string, index: number, value: number): void {
    this.requests += 1;
    say(this.model, { type: "edit", request: this.requests, leaf, index, value });
  }

  reset(): void {
    this.requests += 1;
    say(this.model, { type: "reset", request: this.requests });
  }

  close(): void {
    this.settle();
    this.model.off("msg:custom", this.hear);
  }

  private settle(): void {
    clearTimeout(this.patience);
    this.stopAsking();
  }

  private take(content: unknown, buffers: Buffers): void {
    const message = content as StepperMessage;
    if (message.type === "refused") {
      this.listener.refused(message.reason);
      return;
    }
    if (message.type !== "walk") return;
    this.settle();
    this.listener.trouble(null);
    this.listener.walk(readWalk(message, buffers));
  }
}
