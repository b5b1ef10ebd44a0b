/** What a person can change in a run's training, and what was changed. */

export type Quantity = "lr" | "momentum" | "betas" | "weight_decay";

/**
 * What happens when the optimizer's own value changes later: it is multiplied by new over old, or
 * the new value remains.
 */
export type Schedule = "scale" | "hold";

/** A hyperparameter of a parameter group. */
export interface GroupValue {
  readonly quantity: Quantity;
  /** What the next step uses; of betas, two numbers. */
  readonly used: readonly number[];
  /** What the optimizer's group contains. */
  readonly own: readonly number[];
  /** Whether the optimizer's own value has changed by itself. */
  readonly varies: boolean;
}

/** A parameter group. */
export interface GroupFacts {
  readonly name: string;
  readonly parameters: number;
  readonly values: readonly GroupValue[];
  /** Why its values cannot be changed; null if they can. */
  readonly reason: string | null;
}

/** A module with its number of scalar parameters. */
export interface ModuleFacts {
  readonly path: string;
  /** Name of its class, for example "Linear"; "" if unknown. */
  readonly type: string;
  readonly parameters: number;
  /** Number of those that require no gradient. */
  readonly frozen: number;
  /** Number of those of them that labkit has frozen. */
  readonly frozen_here: number;
}

/** A change that a person made. */
export interface RunEvent {
  readonly id: number;
  readonly step: number;
  readonly kind: Quantity | "freeze" | "thaw" | "budget";
  readonly where: string;
  readonly text: string;
  /** Number of completed steps when it was taken back; null while it is in force. */
  readonly taken_back: number | null;
}

/** All parameter groups and modules, up to a limit, and the newest events, oldest first. */
export interface Tuning {
  readonly groups: readonly GroupFacts[];
  readonly modules: readonly ModuleFacts[];
  readonly events: readonly RunEvent[];
}

/** Those parts that have changed. */
export type TuningChanges = Partial<Tuning>;
