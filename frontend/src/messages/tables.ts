/** Rows of series tables, and complete tables. */

import type { BufferIndex } from "./protocol";

/**
 * The kind of a table of series that are recorded together. The columns are named after the
 * parameters ("grad_", "weight_" and "update_" kinds), the modules ("act_" kinds), the optimizer's
 * groups ("lr"), the metric, or `loss` (`loss/<model>` with several models).
 */
export type TableKind =
  | "loss"
  | "lr"
  | "metric"
  | "grad_norm"
  | "weight_norm"
  | "update_ratio"
  | "grad_norm_unclipped"
  | "grad_cosine"
  | "grad_noise"
  | "grad_zeros"
  | "grad_not_finite"
  | "act_mean"
  | "act_std"
  | "act_saturated"
  | "act_dead"
  | "act_grad";

/** New rows of a table. */
export interface TableRows {
  /** Unique in the run, for example "grad_norm" or "metric/accuracy". */
  readonly id: string;
  readonly kind: TableKind;
  /** Null if they were sent with an earlier snapshot or frame. */
  readonly names: readonly string[] | null;
  readonly columns: number;
  readonly rows: number;
  /** float64[rows]. */
  readonly steps: BufferIndex;
  /** float32[rows * columns], row major. */
  readonly values: BufferIndex;
}

/**
 * A complete table: older rows in buckets of `stride` rows, and the newest rows unchanged.
 *
 * A bucket has the minimum and the maximum of each column and the steps of both. In tables of
 * losses, learning rates and metrics a bucket with a NaN has NaN as its maximum. In all other
 * tables NaN means "not read", and is an extreme only if the bucket has no number.
 */
export interface TableSnapshot extends TableRows {
  readonly names: readonly string[];
  /** Number of rows per bucket. */
  readonly stride: number;
  readonly buckets: number;
  /** float64[buckets]: the first step of each bucket. */
  readonly first: BufferIndex;
  /** float32[buckets * columns], as the next three. */
  readonly low: BufferIndex;
  /** Steps of the minima, as offsets from `first`. */
  readonly low_at: BufferIndex;
  readonly high: BufferIndex;
  /** Steps of the maxima, as offsets from `first`. */
  readonly high_at: BufferIndex;
  /** Number of unchanged rows above which the older half is moved into buckets. */
  readonly tail_limit: number;
  /** Number of buckets above which adjacent buckets are merged, which doubles `stride`. */
  readonly bucket_limit: number;
}
