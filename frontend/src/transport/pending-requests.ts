/** Questions to the kernel that wait for their answers, each for a limited time. */

import { ANSWER_TIMEOUT_MS, KERNEL_GONE } from "./channel";

export const NOT_ANSWERED =
  "No answer came from the kernel. Where a front end delivers questions only between cells, ask " +
  "again when the cell has ended.";
/** After a question that was not answered, so long no other one of its kind is sent by itself. */
export const QUIET_MS = 15_000;

interface Waiting<T> {
  readonly resolve: (answer: T) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Questions of one kind by their keys: numbers of requests, or what is asked for. */
export class Questions<K, T> {
  private readonly waiting = new Map<K, Waiting<T>>();
  private quietUntil = 0;

  /** `unanswered` makes the answer to what is refused, or not answered in time. */
  constructor(private readonly unanswered: (reason: string) => T) {}

  /** Whether the last question was not answered, so that views need not ask by themselves. */
  get quiet(): boolean {
    return performance.now() < this.quietUntil;
  }

  wait(key: K): Promise<T> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.quietUntil = performance.now() + QUIET_MS;
        this.refuse(key, NOT_ANSWERED);
      }, ANSWER_TIMEOUT_MS);
      this.waiting.set(key, { resolve, timer });
    });
  }

  /** Answers a question; false where none of that key waits. */
  answer(key: K, answer: T): boolean {
    const asked = this.waiting.get(key);
    this.quietUntil = 0;
    if (!asked) return false;
    this.waiting.delete(key);
    clearTimeout(asked.timer);
    asked.resolve(answer);
    return true;
  }

  /** Says that a question will not be answered; false where none of that key waits. */
  refuse(key: K, reason: string): boolean {
    const asked = this.waiting.get(key);
    if (!asked) return false;
    this.waiting.delete(key);
    clearTimeout(asked.timer);
    asked.resolve(this.unanswered(reason));
    return true;
  }

  close(): void {
    for (const key of [...this.waiting.keys()]) this.refuse(key, KERNEL_GONE);
  }
}

/**
 * Where a session's numbers of requests begin. All pages that show a run get every answer, so
 * their numbers must differ.
 */
export function firstRequest(): number {
  return Math.floor(Math.random() * 2 ** 44) * 2 ** 8;
}
