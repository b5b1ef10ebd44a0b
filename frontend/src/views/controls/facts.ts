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

/** The same on a page that was saved before the run had ended. */
export const UNFINISHED = "Unfinished";

/** Facts that hold only at the moment at which they were sent. */
const MOMENTARY: readonly string[] = ["rate", "remaining", "memory", "device-memory", "cost"];
/** Facts about a model that labkit has watched. */
const OF_MODEL: readonly string[] = ["device", "parameters", "cost"];
const UNKNOWN_DEVICE = "unknown";

/** Returns the facts that remain true without news of the run. */
export function pastFactsOf(state: RunState): Fact[] {
  return factsOf(state).filter(({ id }) => !MOMENTARY.includes(id));
}

export function factsOf(state: RunState): Fact[] {
  const facts = [
    fileFact(state),
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
  return isOfModel(state) ? facts : facts.filter(({ id }) => !OF_MODEL.includes(id));
}

/** Whether labkit has watched a model; the log of another tool says nothing of the model. */
function isOfModel({ read_from, device }: RunState): boolean {
  return read_from === null || device !== UNKNOWN_DEVICE;
}

/** Returns the completed fraction of the run, 0 to 1; null if the total is unknown. */
export function progressOf(state: RunState): number | null {
  const total = totalOf(state);
  return total ? Math.min(1, state.step / total) : null;
}

/** Returns the number of steps that the run has at its end; null if it is unknown. */
function totalOf({ status, step, total_steps }: RunState): number | null {
  return status === "finished" && total_steps !== null ? step : total_steps;
}

/** Returns "", or the words before a number that is a limit. */
function atMost({ status, may_end_early }: RunState): string {
  return may_end_early && status !== "finished" ? "at most " : "";
}

function stepFact(state: RunState): Fact {
  const total = totalOf(state);
  const second = total === null ? "" : ` / ${atMost(state)}${formatCount(total)}`;
  return {
    id: "step",
    text: `step ${formatCount(state.step)}${second}`,
    explanation:
      "A step is one update of the parameters by the optimizer." +
      (second &&
        ` The second number is how many there will be at the end of this loop${limitedBy(state)}`),
  };
}

function fileFact({ read_from, status }: RunState): Fact | null {
  if (read_from === null) return null;
  return {
    id: "file",
    text: `from ${read_from}`,
    explanation:
      "The run is read from a file: its training is in another process, and cannot be controlled here." +
      (isFinal(status)
        ? ""
        : " In a notebook, what that process writes appears within a second or two."),
  };
}

/** Returns when the page was saved, in s since 1970, as a fact. */
export function exportFact(exported: number, status: RunStatus): Fact {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
  return {
    id: "exported",
    text: `saved ${format.format(1000 * exported)}`,
    explanation:
      "This page is a copy of the run at that time, without a kernel." +
      (isFinal(status) ? "" : " The run was not at its end, and may have gone on."),
  };
}

function epochFact(state: RunState): Fact | null {
  const { epoch, steps_per_epoch } = state;
  const steps = totalOf(state);
  if (epoch === null) return null;
  const total = steps && steps_per_epoch ? Math.ceil(steps / steps_per_epoch) : null;
  return {
    id: "epoch",
    text: `epoch ${formatCount(epoch)}${total ? ` / ${atMost(state)}${formatCount(total)}` : ""}`,
    explanation: "An epoch is one pass through all the training data.",
  };
}

function rateFact({ steps_per_second, pace }: RunState): Fact | null {
  if (!steps_per_second) return null;
  if (steps_per_second < 1 && !isPaced(steps_per_second, pace)) {
    return {
      id: "rate",
      text: `${formatRate(1 / steps_per_second)} s per step`,
      explanation: "Duration of a step, lately; pauses are left out.",
    };
  }
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

function elapsedFact({ elapsed, read_from }: RunState): Fact | null {
  if (elapsed === 0 && read_from !== null) return null;
  return {
    id: "elapsed",
    text: formatDuration(elapsed),
    explanation: "Time since labkit began to watch.",
  };
}

/** Returns the end of a sentence on the length of the run, and what it was read from. */
function limitedBy(state: RunState): string {
  const { length_source } = state;
  const limit = atMost(state) && ", unless the loop ends early or leaves out steps";
  return `${limit}.${length_source === null ? "" : ` Read from: ${length_source}.`}`;
}

function remainingFact(state: RunState): Fact | null {
  const { remaining, status } = state;
  if (remaining === null || (status !== "running" && status !== "paused")) return null;
  return {
    id: "remaining",
    text: `${atMost(state)}${formatDuration(remaining)} left`,
    explanation: `Time until the last step, if the speed stays as it is${limitedBy(state)}`,
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
    text: `${formatCount(parameters)} ${parameters === 1 ? "parameter" : "parameters"}`,
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
