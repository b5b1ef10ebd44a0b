/**
 * Decides when the page acknowledges a message, and determines whether its acknowledgements reach
 * the kernel while a cell is running.
 */

/** Shortest time between two acknowledgements; each lets JupyterLab redraw the kernel's status. */
export const ACKNOWLEDGE_EVERY_MS = 900;
/** Time after which an acknowledgement that the kernel has not read counts as delayed. */
export const ONE_WAY_AFTER_MS = 1500;
const MAX_UNREAD = 16;

interface Sent {
  readonly seq: number;
  readonly at: number;
}

export class Acknowledgements {
  /** Acknowledgements that the kernel has not read, the oldest first. */
  private unread: readonly Sent[] = [];
  private sentAt = Number.NEGATIVE_INFINITY;

  /** Whether the kernel has read an acknowledgement, of this page or another. */
  isRead = false;
  /** Whether messages of the page do not reach the kernel at present. */
  isOneWay = false;

  /**
   * Records the receipt of a message; returns whether it must be acknowledged now.
   *
   * `read` is the highest number that the kernel has seen acknowledged, by this page or another;
   * null if none. `now` is in ms. `isAwaited` is whether the kernel waits for it before it sends
   * more.
   */
  receive(seq: number, read: number | null, now: number, isAwaited: boolean): boolean {
    this.isRead = read !== null;
    this.unread = this.unread.filter((sent) => read === null || sent.seq > read);
    const oldest = this.unread[0];
    this.isOneWay = oldest !== undefined && now - oldest.at > ONE_WAY_AFTER_MS;
    if (!isAwaited && now - this.sentAt < ACKNOWLEDGE_EVERY_MS) return false;
    this.sentAt = now;
    if (this.unread.length < MAX_UNREAD) this.unread = [...this.unread, { seq, at: now }];
    return true;
  }
}
