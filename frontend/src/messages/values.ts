/** Statistics of tensors, and pictures of activations. */

import type { BufferIndex } from "./protocol";

/** Statistics of a tensor. */
export interface SentStatistics {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The step at which the values were read; null for the current values. */
  readonly step: number | null;
  /** Number of elements that were read, at regular intervals; null for all. */
  readonly sampled: number | null;
  /**
   * float64[4]: minimum, maximum, mean and standard deviation of the finite elements; NaN if
   * unknown.
   */
  readonly numbers: BufferIndex;
  readonly zeros: number | null;
  readonly not_finite: number | null;
  /** float64[bins + 1]: the edges of the histogram. */
  readonly edges: BufferIndex;
  /** float64[bins]. */
  readonly counts: BufferIndex;
}

/** The newest recorded norm of a parameter or of its gradient; null if it is not finite. */
export interface RecordedNorm {
  readonly kind: "weight_norm" | "grad_norm";
  readonly step: number;
  readonly value: number | null;
}

/**
 * What a picture shows: the output channels or the kernels of a convolution, the units of a layer
 * for some samples, the states, gates or gradient of a recurrent layer over time, or attention.
 */
export type PictureKind =
  | "maps"
  | "kernels"
  | "units"
  | "states"
  | "gates"
  | "attention"
  | "time_gradient";

/** Powers of two of the magnitude, or bins of equal width from the minimum to the maximum. */
export type HistogramBins = "magnitude" | "even";

/** A module with pictures of one kind, and the steps of these pictures. */
export interface PictureSubject {
  readonly module: string;
  readonly kind: PictureKind;
  readonly steps: readonly number[];
  /** The smallest and the largest finite value of all stored pictures; null without any. */
  readonly range: readonly [least: number, greatest: number] | null;
}

/**
 * What a sample of the input is: an image with a panel per channel, few or many features over time
 * with a row for each, numbers, or ids of tokens.
 */
export type InputForm = "image" | "lines" | "table" | "values" | "tokens";

/** A sample of a model's input. */
export interface SentInput {
  readonly form: InputForm;
  readonly shape: readonly [panels: number, rows: number, columns: number];
  /** The shape of the sample, before its size was reduced. */
  readonly whole: readonly number[];
  /** The text of each id; empty if the user has given none. */
  readonly tokens: readonly string[];
  /** float32[panels * rows * columns], row major. */
  readonly values: BufferIndex;
}

/** A picture of activations. */
export interface SentPicture {
  readonly module: string;
  readonly kind: PictureKind;
  readonly step: number;
  readonly shape: readonly [panels: number, rows: number, columns: number];
  readonly panels: readonly string[];
  /** The quantity along the rows, and along the columns. */
  readonly rows: string;
  readonly columns: string;
  /** Panels (of "maps") or columns (of "units") that were zero for the whole batch. */
  readonly silent: readonly number[];
  /** The shape of the recorded tensor, before its size was reduced. */
  readonly whole: readonly number[];
  /** float32[panels * rows * columns], row major. */
  readonly values: BufferIndex;
  /** The sample from which it was made; null if it is unknown, or of kernels. */
  readonly given: SentInput | null;
}
