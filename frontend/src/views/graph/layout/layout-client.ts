/** Asks the worker for layouts, one at a time, each with a deadline. */

import type { LayoutReply } from "./messages";

/** Longest time a layout may take, in ms; loading Graphviz does not count. */
export const DEADLINE = 3000;

/** Why there is no layout. */
export class LayoutFailure extends Error {
  constructor(
    readonly reason: "deadline" | "cancelled" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/** The part of a Worker that is used here. */
export interface LayoutWorker {
  onmessage: ((event: MessageEvent<LayoutReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

interface Waiting {
  readonly request: number;
  readonly resolve: (json: string) => void;
  readonly reject: (failure: LayoutFailure) => void;
}

export class Layouter {
  private worker: LayoutWorker | null = null;
  private ready = false;
  private waiting: Waiting | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private requests = 0;

  constructor(
    private readonly makeWorker: () => Promise<LayoutWorker>,
    private readonly deadline = DEADLINE,
  ) {}

  /** Graphviz's answer to a DOT source. A layout that is still under way is given up. */
  async layout(dot: string): Promise<string> {
    this.cancel();
    this.requests += 1;
    const request = this.requests;
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = { request, resolve, reject };
    });
    this.send(request, dot).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.giveUp(request, new LayoutFailure("failed", message));
    });
    return answer;
  }

  /** Stops the layout under way, and the worker with it. */
  cancel(): void {
    if (!this.waiting) return;
    this.giveUp(this.waiting.request, new LayoutFailure("cancelled", "the layout was cancelled"));
  }

  close(): void {
    this.cancel();
    this.stopWorker();
  }

  private async send(request: number, dot: string): Promise<void> {
    if (!this.worker) {
      const worker = await this.makeWorker();
      if (this.waiting?.request !== request) {
        worker.terminate();
        return;
      }
      this.adopt(worker);
    }
    this.worker?.postMessage({ request, dot });
    if (this.ready) this.startClock();
  }

  private adopt(worker: LayoutWorker): void {
    this.worker = worker;
    this.ready = false;
    worker.onmessage = (event) => this.hear(event.data);
    worker.onerror = (event) => {
      const message = event.message || "the worker did not start";
      if (this.waiting) this.giveUp(this.waiting.request, new LayoutFailure("failed", message));
    };
  }

  private hear(reply: LayoutReply): void {
    if (reply.type === "ready") {
      this.ready = true;
      if (this.waiting) this.startClock();
      return;
    }
    const { waiting } = this;
    if (waiting?.request !== reply.request) return;
    this.settle();
    if (reply.type === "placed") waiting.resolve(reply.json);
    else waiting.reject(new LayoutFailure("failed", reply.message));
  }

  private startClock(): void {
    clearTimeout(this.timer);
    const { waiting } = this;
    this.timer = setTimeout(() => {
      if (!waiting) return;
      const seconds = this.deadline / 1000;
      const message = `the layout took longer than ${seconds} s`;
      this.giveUp(waiting.request, new LayoutFailure("deadline", message));
    }, this.deadline);
  }

  private giveUp(request: number, failure: LayoutFailure): void {
    const { waiting } = this;
    if (waiting?.request !== request) return;
    this.settle();
    this.stopWorker();
    waiting.reject(failure);
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.waiting = null;
  }

  private stopWorker(): void {
    this.worker?.terminate();
    this.worker = null;
  }
}
