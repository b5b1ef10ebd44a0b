/** Questions to the kernel that wait for their answers, each for a limited time. */

import { ANSWER_TIMEOUT_MS, KERNEL_DISCONNECTED } from "./channel";

export const NO_ANSWER =
  "No answer came from the kernel. Where a front end delivers questions only between cells, ask " +
  "again when the cell has ended.";
/** After a question that was not answered, so long no other one of its kind is sent by itself. */
export const SUSPENSION_MS = 15_000;

interface PendingRequest<T> {
  readonly resolve: (answer: T) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Questions of one kind by their keys: numbers of requests, or what is asked for. */
export class PendingRequests<K, T> {
  private readonly pending = new Map<K, PendingRequest<T>>();
  private suspendedUntil = 0;

  /** `unanswered` makes the answer to what is refused, or not answered in time. */
  constructor(private readonly failure: (reason: string) => T) {}

  /** Whether the last question was not answered, so that views need not ask by themselves. */
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

  /** Answers a question; false where none of that key waits. */
  resolve(key: K, answer: T): boolean {
    const asked = this.pending.get(key);
    this.suspendedUntil = 0;
    if (!asked) return false;
    this.pending.delete(key);
    clearTimeout(asked.timer);
    asked.resolve(answer);
    return true;
  }

  /** Says that a question will not be answered; false where none of that key waits. */
  fail(key: K, reason: string): boolean {
    const asked = this.pending.get(key);
    if (!asked) return false;
    this.pending.delete(key);
    clearTimeout(asked.timer);
    asked.resolve(this.failure(reason));
    return true;
  }

  close(): void {
    for (const key of [...this.pending.keys()]) this.fail(key, KERNEL_DISCONNECTED);
  }
}

/**
 * Where a session's numbers of requests begin. All pages that show a run get every answer, so
 * their numbers must differ.
 */
export function firstRequestNumber(): number {
  return Math.floor(Math.random() * 2 ** 44) * 2 ** 8;
}
