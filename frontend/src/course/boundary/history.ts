/** The moments of a training: which one is shown, and those that the page has received. */

import type { BoundaryMoment } from "../../messages/boundary";
import { decodeMoment, type Moment } from "./moment";

const PLAY_INTERVAL_MS = 50;
/** How many moments a replay of a long training skips to. */
const MOST_PLAYED = 120;

export class MomentHistory {
  private readonly moments = new Map<number, Moment>();
  private wanted: number | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private isFollowing = true;
  count: number;
  shown: Moment;

  /** `ask` asks the kernel for a moment; `onShown` is called when another one is shown. */
  constructor(
    latest: BoundaryMoment,
    private readonly ask: (index: number) => void,
    private readonly onShown: () => void,
  ) {
    this.shown = decodeMoment(latest);
    this.count = latest.count;
    this.moments.set(this.shown.index, this.shown);
  }

  get isPlaying(): boolean {
    return this.timer !== null;
  }

  /** Takes the latest moment of a training that goes on; shows it unless an earlier one is shown. */
  add(latest: BoundaryMoment): void {
    // The kernel stores fewer moments of a long training, under other indices.
    if (latest.count < this.count) this.moments.clear();
    this.count = latest.count;
    const moment = this.keep(latest);
    if (this.isFollowing) this.display(moment);
    else this.onShown();
  }

  /** Takes a moment that was asked for. */
  receive(asked: BoundaryMoment): void {
    const moment = this.keep(asked);
    if (moment.index === this.wanted) this.display(moment);
  }

  show(index: number): void {
    const within = Math.min(Math.max(index, 0), this.count - 1);
    this.isFollowing = within === this.count - 1;
    const moment = this.moments.get(within);
    if (moment) {
      this.display(moment);
    } else if (this.wanted !== within) {
      this.wanted = within;
      this.ask(within);
    }
  }

  play(): void {
    if (this.count < 2) return;
    const stride = Math.ceil(this.count / MOST_PLAYED);
    let next = this.shown.index >= this.count - 1 ? 0 : this.shown.index;
    this.timer = setInterval(() => {
      this.show(next);
      if (this.shown.index !== next) return; // it has not arrived yet
      if (next >= this.count - 1) this.pause();
      next = Math.min(next + stride, this.count - 1);
    }, PLAY_INTERVAL_MS);
    this.onShown();
  }

  pause(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.onShown();
  }

  private keep(sent: BoundaryMoment): Moment {
    const moment = decodeMoment(sent);
    this.moments.set(moment.index, moment);
    return moment;
  }

  private display(moment: Moment): void {
    this.wanted = null;
    this.shown = moment;
    this.onShown();
  }
}
