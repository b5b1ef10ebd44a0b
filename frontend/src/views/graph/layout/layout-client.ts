/** Requests layouts from the worker, one at a time, each with a timeout. */

import type { LayoutReply } from "./messages";

/**
 * Timeout of one level's layout, which starts when Graphviz is loaded. The limit on what is drawn is a
 * size (`MAX_VISIBLE`); this one only ends a layout that hangs, however busy the machine is.
 */
const LAYOUT_TIMEOUT_MS = 60_000;

/** Thrown if there is no layout. */
export class LayoutFailure extends Error {
  constructor(
    readonly reason: "deadline" | "cancelled" | "failed",
    message: string,
  ) {
    super(message);
  }
}

/** The part of the `Worker` interface that is used here. */
export interface LayoutWorker {
  onmessage: ((event: MessageEvent<LayoutReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

interface PendingLayout {
  readonly request: number;
  readonly resolve: (json: string) => void;
  readonly reject: (failure: LayoutFailure) => void;
}

export class LayoutClient {
  private worker: LayoutWorker | null = null;
  private ready = false;
  private pending: PendingLayout | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private requests = 0;

  constructor(
    private readonly makeWorker: () => Promise<LayoutWorker>,
    private readonly timeout = LAYOUT_TIMEOUT_MS,
  ) {}

  /** Resolves to Graphviz's JSON for a DOT source; cancels a pending layout. */
  async layout(dot: string): Promise<string> {
    this.cancel();
    this.requests += 1;
    const request = this.requests;
    const answer = new Promise<string>((resolve, reject) => {
      this.pending = { request, resolve, reject };
    });
    this.send(request, dot).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.fail(request, new LayoutFailure("failed", message));
    });
    return answer;
  }

  /** Cancels the pending layout, and terminates the worker. */
  cancel(): void {
    if (!this.pending) return;
    this.fail(this.pending.request, new LayoutFailure("cancelled", "the layout was cancelled"));
  }

  close(): void {
    this.cancel();
    this.stopWorker();
  }

  private async send(request: number, dot: string): Promise<void> {
    if (!this.worker) {
      const worker = await this.makeWorker();
      if (this.pending?.request !== request) {
        worker.terminate();
        return;
      }
      this.useWorker(worker);
    }
    this.worker?.postMessage({ request, dot });
    if (this.ready) this.startTimer();
  }

  private useWorker(worker: LayoutWorker): void {
    this.worker = worker;
    this.ready = false;
    worker.onmessage = (event) => this.handleReply(event.data);
    worker.onerror = (event) => {
      const message = event.message || "the worker did not start";
      if (this.pending) this.fail(this.pending.request, new LayoutFailure("failed", message));
    };
  }

  private handleReply(reply: LayoutReply): void {
    if (reply.type === "ready") {
      this.ready = true;
      if (this.pending) this.startTimer();
      return;
    }
    const { pending } = this;
    if (pending?.request !== reply.request) return;
    this.clearPending();
    if (reply.type === "placed") pending.resolve(reply.json);
    else pending.reject(new LayoutFailure("failed", reply.message));
  }

  private startTimer(): void {
    clearTimeout(this.timer);
    const { pending } = this;
    this.timer = setTimeout(() => {
      if (!pending) return;
      const seconds = this.timeout / 1000;
      const message = `the layout took longer than ${seconds} s`;
      this.fail(pending.request, new LayoutFailure("deadline", message));
    }, this.timeout);
  }

  private fail(request: number, failure: LayoutFailure): void {
    const { pending } = this;
    if (pending?.request !== request) return;
    this.clearPending();
    this.stopWorker();
    pending.reject(failure);
  }

  private clearPending(): void {
    clearTimeout(this.timer);
    this.pending = null;
  }

  private stopWorker(): void {
    this.worker?.terminate();
    this.worker = null;
  }
}
