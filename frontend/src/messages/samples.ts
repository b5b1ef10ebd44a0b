/** Logged images, texts and figures. */

import type { BufferIndex } from "./protocol";

/** A PNG file, a text in UTF-8, or the JSON of a plotly figure. */
export type SampleKind = "image" | "text" | "plotly";

/** What is stored under one name. */
export interface SampleSeries {
  readonly name: string;
  /** The kind of the newest sample. */
  readonly kind: SampleKind;
  /** Increasing; empty if none is stored any more. */
  readonly steps: readonly number[];
  /** Number of samples that were logged under the name; it changes with each. */
  readonly logged: number;
}

/** A sample. */
export interface SentSample {
  readonly name: string;
  readonly step: number;
  readonly kind: SampleKind;
  /** For example the number of images, and the values that are black and white; may be empty. */
  readonly description: string;
  /** Size of an image in pixels; 0 for other kinds. */
  readonly width: number;
  readonly height: number;
  readonly content: BufferIndex;
}
