/** The epochs and the time at some steps: those of a snapshot, then those of the frames. */

import type { Knots, Progress, RunState } from "../messages/run";
import { StepKnots } from "./step-knots";

/** Smallest distance of two knots in epochs, and in seconds, as in `labkit/run/run_record.py`. */
const EPOCH_SPACING = 1;
const TIME_SPACING = 0.1;

export class ProgressHistory implements Progress {
  private constructor(
    private readonly epochKnots: StepKnots,
    private readonly timeKnots: StepKnots,
  ) {}

  static empty(): ProgressHistory {
    return new ProgressHistory(new StepKnots(EPOCH_SPACING), new StepKnots(TIME_SPACING));
  }

  static fromSnapshot({ epochs, seconds }: Progress): ProgressHistory {
    const made = ProgressHistory.empty();
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
    if (epoch_start) this.epochKnots.add(epoch_start.step, epoch_start.number - 1);
    // After the loop, the time is no longer that of the last step.
    const isLoop = status === "running" || status === "pausing" || status === "paused";
    if (isLoop && step > 0) this.timeKnots.add(step, elapsed);
  }
}
