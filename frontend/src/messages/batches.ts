/** The synchronised state of the traced data loader of the course; the page sends nothing. */

/** One batch; times in ms from the start of its epoch. */
export interface TracedBatch {
  readonly indices: readonly number[];
  /** Null if the loop's own process fetched it. */
  readonly worker: number | null;
  /** When it began to be fetched. */
  readonly begin: number;
  /** When it was collated. */
  readonly end: number;
  /** When the loop asked for it. */
  readonly asked: number;
  /** When the loop received it. */
  readonly arrived: number;
  /** When the loop had used it. */
  readonly done: number;
}

/** The state that the kernel sends. */
export interface BatchesState {
  readonly protocol: number;
  /** Number of samples in the dataset. */
  readonly size: number;
  /** Number of worker processes. */
  readonly workers: number;
  /** The class of each sample, or nothing. */
  readonly labels: readonly number[];
  /** The batches of each epoch in the order of arrival. */
  readonly epochs: readonly (readonly TracedBatch[])[];
}
