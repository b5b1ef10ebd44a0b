/** The epochs and the time at some steps: those of a snapshot, then those of the frames. */

import type { EpochStart, Knots, Progress, RunState } from "../messages/run";
import { StepKnots } from "./step-knots";

/** Smallest distance of two knots in epochs, and in seconds, as in `labkit/run/run_record.py`. */
const EPOCH_SPACING = 1;
const TIME_SPACING = 0.1;

export class ProgressHistory implements Progress {
  /** Where logged epochs begin, as text; null if they are counted from the loader. */
  private loggedFrom: string | null = null;

  private constructor(
    private epochKnots: StepKnots,
    private readonly timeKnots: StepKnots,
  ) {}

  static empty(): ProgressHistory {
    return new ProgressHistory(new StepKnots(EPOCH_SPACING), new StepKnots(TIME_SPACING));
  }

  /** `newest` is the begin of the newest epoch in the same snapshot. */
  static fromSnapshot({ epochs, seconds }: Progress, newest: EpochStart | null): ProgressHistory {
    const made = ProgressHistory.empty();
    made.loggedFrom = originOf(newest);
    made.epochKnots.addAll(epochs);
    made.timeKnots.addAll(seconds);
    return made;
  }

  get epochs(): Knots {
    return this.epochKnots;
  }

  get seconds(): Knots {
    return this.timeKnots;
  }

  add({ status, step, elapsed, epoch_start }: RunState): void {
    if (epoch_start) this.addEpoch(epoch_start);
    // After the loop, the time is no longer that of the last step.
    const isLoop = status === "running" || status === "pausing" || status === "paused";
    if (isLoop && step > 0) this.timeKnots.add(step, elapsed);
  }

  /** Adds the newest epoch; the first one that is logged replaces those that were counted. */
  private addEpoch(newest: EpochStart): void {
    const [from, { number, step, logged_from }] = [originOf(newest), newest];
    if (from !== this.loggedFrom) {
      this.loggedFrom = from;
      this.epochKnots = new StepKnots(EPOCH_SPACING);
      if (logged_from) this.epochKnots.add(...logged_from);
    }
    this.epochKnots.add(step, number - 1);
  }
}

function originOf(newest: EpochStart | null): string | null {
  return newest?.logged_from ? String(newest.logged_from) : null;
}
