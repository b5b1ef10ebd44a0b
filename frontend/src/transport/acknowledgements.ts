/** Determines whether the acknowledgements of this page reach the kernel while a cell is running. */

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

  /** Whether messages of the page do not reach the kernel at present. */
  isOneWay = false;

  /**
   * Records the receipt and the acknowledgement of a message.
   *
   * `read` is the highest number that the kernel has seen acknowledged, by this page or another;
   * null if none. `now` is in ms.
   */
  add(seq: number, read: number | null, now: number): void {
    this.unread = this.unread.filter((sent) => read === null || sent.seq > read);
    const oldest = this.unread[0];
    this.isOneWay = oldest !== undefined && now - oldest.at > ONE_WAY_AFTER_MS;
    if (this.unread.length < MAX_UNREAD) this.unread = [...this.unread, { seq, at: now }];
  }
}
