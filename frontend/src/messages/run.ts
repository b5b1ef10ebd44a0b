/** The scalar state of a run, and its findings. */

/** What a run is doing. The last four are final. */
export type RunStatus =
  | "waiting"
  | "running"
  /** A pause was requested; the current step has not ended yet. */
  | "pausing"
  | "paused"
  /** The code that trained has ended, but not the run. */
  | "idle"
  | "finished"
  | "stopped"
  | "interrupted"
  | "failed";

/** A message about labkit itself, for example that a part was switched off. */
export interface Notice {
  readonly part: string;
  readonly text: string;
}

/** A problem of the run, with its evidence; at most one per rule. */
export interface Finding {
  /** The rule that reported it, for example "exploding-gradients". */
  readonly rule: string;
  readonly severity: "error" | "warning" | "hint";
  /** What was observed in this run, as a sentence. */
  readonly message: string;
  /** Paths of modules or names of parameters, the most relevant first. */
  readonly where: readonly string[];
  /** The first and the last step at which it was observed. */
  readonly steps: readonly [first: number, last: number];
  /** The usual cause. */
  readonly cause: string;
  /** What to try, the most likely remedy first. */
  readonly advice: readonly string[];
  /** Names of the series that show it, as `run.series` accepts them. */
  readonly series: readonly string[];
  /** Id of the graph node concerned. */
  readonly node: string | null;
  /** The line of the user's code, "file:number". */
  readonly line: string | null;
  /** File name, without extension, of the course notebook that explains it. */
  readonly chapter: string | null;
  /** "certain": it follows from what was recorded; "possible": some sound runs look like this. */
  readonly certainty: "certain" | "likely" | "possible";
}

/** A finding that has gone. */
export interface PastFinding {
  readonly id: number;
  readonly rule: string;
  readonly severity: Finding["severity"];
  readonly message: string;
  /** The first and the last step at which it was observed. */
  readonly steps: readonly [first: number, last: number];
  /** Number of completed steps when it came. */
  readonly step: number;
  /** Number of completed steps when it went. */
  readonly ended_step: number;
  /** Why it went, for example "no longer holds". */
  readonly reason: string;
}

/** A rule that the user has silenced, with its newest finding; null if there is none. */
export interface SilencedRule {
  readonly rule: string;
  readonly severity: Finding["severity"] | null;
  readonly message: string | null;
  readonly holds: boolean;
}

/** What a run's findings were before, and which rules are silenced. */
export interface FindingsHistory {
  /** Number of rules that are evaluated. */
  readonly rules: number;
  readonly silenced: readonly SilencedRule[];
  /** The newest first. */
  readonly past: readonly PastFinding[];
  /** Number of past findings that are not stored any more. */
  readonly dropped: number;
}

/** A range of steps in which the captured graph had the same structure. */
export interface GraphSpan {
  readonly signature: string;
  readonly first: number;
  readonly last: number;
  /** Its length: the calls of the module that is called most often, or the number of operations. */
  readonly title: string;
}

/** The begin of the newest epoch. */
export interface EpochStart {
  /** Counted from 1. */
  readonly number: number;
  /** Number of steps completed before it. */
  readonly step: number;
  /** Estimated number of its steps; null if unknown. */
  readonly steps: number | null;
  /** Where the epochs that the user logs begin; null if they are counted from the loader. */
  readonly logged_from: readonly [step: number, epochs: number] | null;
}

/** A value that rises with the steps, at some steps; a step may occur twice. */
export interface Knots {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export interface Progress {
  /** Number of completed epochs where epochs began or were logged. */
  readonly epochs: Knots;
  /** Seconds since the start of the run. */
  readonly seconds: Knots;
}

/** The scalar facts of a run: all of them in a snapshot, those that have changed in a frame. */
export interface RunState {
  readonly name: string;
  readonly status: RunStatus;
  /** Why the run failed, as a sentence; null otherwise. */
  readonly message: string | null;
  /** Number of completed optimizer steps. */
  readonly step: number;
  /** Epoch, counted from 1; null if unknown. */
  readonly epoch: number | null;
  readonly steps_per_epoch: number | null;
  readonly epoch_start: EpochStart | null;
  readonly total_steps: number | null;
  /** What the number of steps and the remaining time are read from; null if neither is known. */
  readonly length_source: string | null;
  /** Whether the run may have fewer steps, because the loop has a "break" for example. */
  readonly may_end_early: boolean;
  readonly steps_per_second: number | null;
  /** Seconds since the start of the run. */
  readonly elapsed: number;
  /** Estimated remaining seconds; null if they are unknown. */
  readonly remaining: number | null;
  /** For example "cpu" or "cuda:0 (NVIDIA H200)". */
  readonly device: string;
  /** Resident bytes of the kernel process. */
  readonly process_memory: number | null;
  /** Bytes that torch has allocated on the accelerator. */
  readonly device_memory: number | null;
  /** Measured fraction of the loop's time that labkit takes, 0 to 1. */
  readonly cost: number;
  /** Whether `cost` covers only the first steps, which contain more readings than later ones. */
  readonly getting_started: boolean;
  /** Maximum of `cost`. */
  readonly budget: number;
  /** Number of scalar parameters, and of those with `requires_grad`. */
  readonly parameters: number;
  readonly trainable: number;
  readonly notices: readonly Notice[];
  /** The newest structures of the graph, with their steps. */
  readonly structures: readonly GraphSpan[];
  /** Number of recorded pictures of activations. */
  readonly pictures: number;
  /** The newest 64 steps that a gradient scaler skipped, each by the number of the next step. */
  readonly skipped: readonly number[];
  /** Steps per second that the loop takes at most; null for full speed. */
  readonly pace: number | null;
  /** Name of the file that the run was read from; null if it is recorded in the kernel. */
  readonly read_from: string | null;
}
