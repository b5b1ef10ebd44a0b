/**
 * Buckets of rows: the minimum and the maximum of each column over some rows, with their steps.
 *
 * The maximum of a bucket with a NaN is NaN. In sparse tables NaN means "not read", and is an
 * extreme only if the bucket has no number.
 */

import type { SentBuckets } from "../decoding/buffers";

export class Buckets {
  length = 0;
  /** First step of each bucket, and its number of rows. */
  private first: Float64Array = new Float64Array(0);
  private count: Float64Array = new Float64Array(0);
  private low: Float32Array = new Float32Array(0);
  private lowAt: Float64Array = new Float64Array(0);
  private high: Float32Array = new Float32Array(0);
  private highAt: Float64Array = new Float64Array(0);

  constructor(
    private readonly columns: number,
    private readonly sparse: boolean,
  ) {}

  /**
   * Creates the buckets of a complete table. All count as full, as their numbers of rows are not
   * sent.
   */
  static fromSnapshot(
    columns: number,
    sparse: boolean,
    sent: SentBuckets,
    stride: number,
  ): Buckets {
    const made = new Buckets(columns, sparse);
    made.length = sent.first.length;
    made.first = sent.first;
    made.count = new Float64Array(made.length).fill(stride);
    made.low = sent.low;
    made.high = sent.high;
    made.lowAt = stepsOf(sent.first, sent.lowAt, columns);
    made.highAt = stepsOf(sent.first, sent.highAt, columns);
    return made;
  }

  /** Whether the last bucket has room for more rows within the stride. */
  hasRoom(samples: number, stride: number): boolean {
    return this.length > 0 && (this.count[this.length - 1] ?? 0) + samples <= stride;
  }

  /** Appends an empty bucket, which `add` fills. */
  open(step: number): void {
    this.reserve(this.length + 1);
    const bucket = this.length;
    this.length += 1;
    this.first[bucket] = step;
    this.count[bucket] = 0;
    const [start, end] = [bucket * this.columns, this.length * this.columns];
    this.low.fill(Number.NaN, start, end);
    this.lowAt.fill(step, start, end);
  }

  /** Adds a row to the last bucket. */
  add(step: number, values: Float32Array): void {
    const start = (this.length - 1) * this.columns;
    const fresh = this.count[this.length - 1] === 0;
    this.count[this.length - 1] = (this.count[this.length - 1] ?? 0) + 1;
    for (let column = 0; column < this.columns; column++) {
      const value = values[column] as number;
      this.updateLow(start + column, value, step);
      if (fresh) {
        this.high[start + column] = value;
        this.highAt[start + column] = step;
      } else this.updateHigh(start + column, value, step);
    }
  }

  /** Merges adjacent pairs of buckets; a last unpaired bucket is unchanged. */
  mergePairs(): void {
    const pairs = this.length >> 1;
    for (let bucket = 0; bucket < pairs; bucket++) {
      this.copy(2 * bucket, bucket);
      this.count[bucket] = (this.count[bucket] ?? 0) + (this.count[2 * bucket + 1] ?? 0);
      const [to, later] = [bucket * this.columns, (2 * bucket + 1) * this.columns];
      for (let column = 0; column < this.columns; column++) {
        const from = later + column;
        this.updateLow(to + column, this.low[from] as number, this.lowAt[from] as number);
        this.updateHigh(to + column, this.high[from] as number, this.highAt[from] as number);
      }
    }
    if (this.length % 2 === 1) this.copy(this.length - 1, pairs);
    this.length = pairs + (this.length % 2);
  }

  /** Writes the extremes of a column, sorted by step; returns their number. */
  write(column: number, steps: Float64Array, values: Float32Array): number {
    let written = 0;
    const put = (step: number, value: number) => {
      steps[written] = step;
      values[written] = value;
      written += 1;
    };
    for (let cell = column; cell < this.length * this.columns; cell += this.columns) {
      const [lowAt, highAt] = [this.lowAt[cell] as number, this.highAt[cell] as number];
      const [low, high] = [this.low[cell] as number, this.high[cell] as number];
      if (lowAt < highAt) {
        put(lowAt, low);
        put(highAt, high);
      } else {
        put(highAt, high);
        if (lowAt > highAt) put(lowAt, low);
      }
    }
    return written;
  }

  private updateLow(cell: number, value: number, step: number): void {
    const known = this.low[cell] as number;
    if (value < known || (Number.isNaN(known) && !Number.isNaN(value))) {
      this.low[cell] = value;
      this.lowAt[cell] = step;
    }
  }

  private updateHigh(cell: number, value: number, step: number): void {
    const known = this.high[cell] as number;
    const isHigher = this.sparse
      ? value > known || (Number.isNaN(known) && !Number.isNaN(value))
      : !Number.isNaN(known) && (value > known || Number.isNaN(value));
    if (isHigher) {
      this.high[cell] = value;
      this.highAt[cell] = step;
    }
  }

  private copy(from: number, to: number): void {
    if (from === to) return;
    this.first[to] = this.first[from] as number;
    this.count[to] = this.count[from] as number;
    const [start, end, at] = [from * this.columns, (from + 1) * this.columns, to * this.columns];
    for (const cells of [this.low, this.lowAt, this.high, this.highAt]) {
      cells.copyWithin(at, start, end);
    }
  }

  private reserve(buckets: number): void {
    if (buckets <= this.first.length) return;
    const room = Math.max(64, 2 * this.first.length);
    const cells = room * this.columns;
    this.first = grown64(this.first, room);
    this.count = grown64(this.count, room);
    this.low = grown32(this.low, cells);
    this.lowAt = grown64(this.lowAt, cells);
    this.high = grown32(this.high, cells);
    this.highAt = grown64(this.highAt, cells);
  }
}

function stepsOf(first: Float64Array, offsets: Float32Array, columns: number): Float64Array {
  return Float64Array.from(
    offsets,
    (offset, cell) => offset + (first[Math.floor(cell / columns)] as number),
  );
}

export function grown64(values: Float64Array, length: number): Float64Array {
  const made = new Float64Array(length);
  made.set(values);
  return made;
}

export function grown32(values: Float32Array, length: number): Float32Array {
  const made = new Float32Array(length);
  made.set(values);
  return made;
}
