/** Pending requests to the kernel, each with a timeout. */

import { ANSWER_TIMEOUT_MS, KERNEL_DISCONNECTED } from "./channel";

export const NO_ANSWER =
  "No answer came from the kernel. Where a front end delivers questions only between cells, ask " +
  "again when the cell has ended.";
/** Time after a timeout in which views send no automatic requests of the same kind. */
export const SUSPENSION_MS = 15_000;

interface PendingRequest<T> {
  readonly resolve: (answer: T) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Pending requests of one kind, by their numbers or by what was requested. */
export class PendingRequests<K, T> {
  private readonly pending = new Map<K, PendingRequest<T>>();
  private suspendedUntil = 0;

  /** `failure` creates the result of a request that was refused or timed out. */
  constructor(private readonly failure: (reason: string) => T) {}

  /** Whether the last request timed out, so that views must not send automatic requests. */
  get suspended(): boolean {
    return performance.now() < this.suspendedUntil;
  }

  add(key: K): Promise<T> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.suspendedUntil = performance.now() + SUSPENSION_MS;
        this.fail(key, NO_ANSWER);
      }, ANSWER_TIMEOUT_MS);
      this.pending.set(key, { resolve, timer });
    });
  }

  /** Resolves a request; returns false if no request with the key is pending. */
  resolve(key: K, answer: T): boolean {
    const request = this.pending.get(key);
    this.suspendedUntil = 0;
    if (!request) return false;
    this.pending.delete(key);
    clearTimeout(request.timer);
    request.resolve(answer);
    return true;
  }

  /** Resolves a request with its failure; returns false if no request with the key is pending. */
  fail(key: K, reason: string): boolean {
    const request = this.pending.get(key);
    if (!request) return false;
    this.pending.delete(key);
    clearTimeout(request.timer);
    request.resolve(this.failure(reason));
    return true;
  }

  /** Fails all pending requests. */
  failAll(reason: string): void {
    for (const key of [...this.pending.keys()]) this.fail(key, reason);
  }

  close(): void {
    this.failAll(KERNEL_DISCONNECTED);
  }
}

/**
 * Returns a random number from which a session counts its requests. Every page of a run receives
 * the replies to all pages, so their request numbers must differ.
 */
export function firstRequestNumber(): number {
  return Math.floor(Math.random() * 2 ** 44) * 2 ** 8;
}
