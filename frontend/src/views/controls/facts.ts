/** The progress line: facts about a run, with explanations. */

import type { RunState, RunStatus } from "../../messages/run";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
} from "../../parts/format";
import { isFinal } from "../../parts/run-status";

/** Lowest rate of a loop that waits for its pace, as a fraction of the pace. */
const SLOWEST_OF_PACE = 0.8;

export interface Fact {
  readonly id: string;
  readonly text: string;
  readonly explanation: string;
}

export const STATUS_TEXTS: Readonly<
  Record<RunStatus, readonly [name: string, explanation: string]>
> = {
  waiting: ["Waiting", "labkit watches and waits for the first step."],
  running: ["Running", "The training loop is running."],
  pausing: [
    "Pausing",
    "The training loop will be held at the end of its step; between cells, of the next one.",
  ],
  paused: ["Paused", "The training loop is held between two steps. Resume lets it go on."],
  idle: [
    "Idle",
    "The cell that trained has ended. The run continues if another cell trains; run.close() ends it.",
  ],
  finished: ["Finished", "The loop has come to its end."],
  stopped: ["Stopped", "The loop was ended with the Stop button."],
  interrupted: ["Interrupted", "The loop was ended by an interrupt of the kernel."],
  failed: ["Failed", "The loop was ended by an error."],
};

/** The status of a run that has not ended, and of which no news arrives. */
export const STALE = "Not live";

/** Facts that hold only at the moment at which they were sent. */
const MOMENTARY: readonly string[] = ["rate", "remaining", "memory", "device-memory", "cost"];

/** Returns the facts that remain true without news of the run. */
export function pastFactsOf(state: RunState): Fact[] {
  return factsOf(state).filter(({ id }) => !MOMENTARY.includes(id));
}

export function factsOf(state: RunState): Fact[] {
  return [
    stepFact(state),
    epochFact(state),
    rateFact(state),
    elapsedFact(state),
    remainingFact(state),
    deviceFact(state),
    memoryFact(state),
    deviceMemoryFact(state),
    parametersFact(state),
    skippedFact(state),
    costFact(state),
  ].filter((fact) => fact !== null);
}

/** Returns the completed fraction of the run, 0 to 1; null if the total is unknown. */
export function progressOf({ step, total_steps }: RunState): number | null {
  return total_steps ? Math.min(1, step / total_steps) : null;
}

function stepFact({ step, total_steps, length_source }: RunState): Fact {
  const total = total_steps === null ? "" : ` / ${formatCount(total_steps)}`;
  return {
    id: "step",
    text: `step ${formatCount(step)}${total}`,
    explanation:
      "A step is one update of the parameters by the optimizer." +
      (total ? ` The second number is how many there will be.${readFrom(length_source)}` : ""),
  };
}

function epochFact({ epoch, total_steps, steps_per_epoch }: RunState): Fact | null {
  if (epoch === null) return null;
  const total = total_steps && steps_per_epoch ? Math.ceil(total_steps / steps_per_epoch) : null;
  return {
    id: "epoch",
    text: `epoch ${formatCount(epoch)}${total ? ` / ${formatCount(total)}` : ""}`,
    explanation: "An epoch is one pass through all the training data.",
  };
}

function rateFact({ steps_per_second, pace }: RunState): Fact | null {
  if (steps_per_second === null) return null;
  const text = `${formatRate(steps_per_second)} steps/s`;
  const explanation = "Steps done in a second, lately; pauses are left out.";
  if (!isPaced(steps_per_second, pace)) return { id: "rate", text, explanation };
  return {
    id: "rate",
    text: `${text}, paced`,
    explanation: `${explanation} The loop is slow on purpose: it waits after each step for its pace.`,
  };
}

/** Whether the pace, rather than the steps themselves, determines the rate. */
function isPaced(rate: number, pace: number | null): pace is number {
  return pace !== null && rate > SLOWEST_OF_PACE * pace;
}

function elapsedFact({ elapsed }: RunState): Fact {
  return {
    id: "elapsed",
    text: formatDuration(elapsed),
    explanation: "Time since labkit began to watch.",
  };
}

/** A sentence about what the length of the run was read from. */
function readFrom(source: string | null): string {
  return source === null ? "" : ` Read from: ${source}.`;
}

function remainingFact({ remaining, status, length_source }: RunState): Fact | null {
  if (remaining === null || (status !== "running" && status !== "paused")) return null;
  return {
    id: "remaining",
    text: `${formatDuration(remaining)} left`,
    explanation: `Time until the last step, if the speed stays as it is.${readFrom(length_source)}`,
  };
}

function deviceFact({ device }: RunState): Fact {
  return {
    id: "device",
    text: device,
    explanation: "Where the model computes: cpu is the main processor, cuda a graphics card.",
  };
}

function memoryFact({ process_memory }: RunState): Fact | null {
  if (process_memory === null) return null;
  return {
    id: "memory",
    text: `${formatBytes(process_memory)} memory`,
    explanation: "Main memory that the notebook's kernel holds, everything in it included.",
  };
}

function deviceMemoryFact({ device_memory }: RunState): Fact | null {
  if (device_memory === null) return null;
  return {
    id: "device-memory",
    text: `${formatBytes(device_memory)} on device`,
    explanation: "Memory that PyTorch has allocated on the accelerator.",
  };
}

function parametersFact({ parameters, trainable }: RunState): Fact {
  const frozen = parameters - trainable;
  return {
    id: "parameters",
    text: `${formatCount(parameters)} parameters`,
    explanation:
      "Numbers in the model that training can change." +
      (frozen > 0 ? ` ${formatCount(frozen)} of them are frozen and stay as they are.` : ""),
  };
}

function skippedFact({ skipped }: RunState): Fact | null {
  const newest = skipped.at(-1);
  if (newest === undefined) return null;
  return {
    id: "skipped",
    text: `${skipped.length} step${skipped.length > 1 ? "s" : ""} skipped`,
    explanation:
      "With mixed precision the gradient scaler leaves out a step whose gradients are not finite, " +
      `and scales the loss less from then on. The last was before step ${formatCount(newest)}. ` +
      "Some at the beginning are as they should be.",
  };
}

function costFact(state: RunState): Fact {
  return { id: "cost", ...costTexts(state) };
}

/** Returns "about 2 %", or "less than 1 %". */
function aboutShare(part: number): string {
  return part < 0.01 ? "less than 1 %" : `about ${Math.round(100 * part)} %`;
}

function costTexts({ cost, budget, getting_started, pace, status }: RunState): Omit<Fact, "id"> {
  if (getting_started && isFinal(status)) {
    return {
      text: "watching: too short to measure",
      explanation:
        "The first steps are looked at more often, so that a short run shows something; what " +
        "watching costs is measured after them. This run has ended before.",
    };
  }
  return {
    text: getting_started ? "watching: getting started" : `slows training by ${aboutShare(cost)}`,
    explanation:
      "The part of the loop's time that labkit takes to watch it, measured in this run. It may take " +
      `${formatShare(budget)}, and looks less often when it comes near that; where a step takes a ` +
      "millisecond or less, what every step costs can be more. The first steps are looked at more " +
      "often, so that a short run shows something, and are left out of the figure." +
      (pace === null ? "" : " What is read while the loop waits for its pace costs nothing."),
  };
}
