/**
 * The bounded history of a table; the kernel has the same (`labkit/run/series/storage.py`).
 *
 * The newest rows are stored unchanged (the tail). When the tail is full, its older half is moved
 * into buckets of `stride` rows. When there are too many buckets, adjacent ones are merged and the
 * stride doubles. No minimum or maximum is lost, nor its step.
 */

import type { Buffers } from "../decoding/buffers";
import { DecodeError, decodeBuckets, decodeRows, type Rows } from "../decoding/buffers";
import type { TableKind, TableRows, TableSnapshot } from "../messages/tables";
import type { Points, SeriesTable } from "../session";
import { Buckets, grown32, grown64 } from "./buckets";

const MAX_CELLS = 2 ** 18;
const MAX_ROWS = 2048;
const MIN_ROWS = 128;
/** Kinds in which NaN is a value; in all others it means "not read". */
const DENSE_KINDS: ReadonlySet<TableKind> = new Set(["loss", "lr", "metric"]);

/** Returns the maximum number of rows in the tail, and of buckets, for a number of columns. */
export function rowsFor(columns: number): number {
  const fitting = Math.max(1, Math.floor(MAX_CELLS / Math.max(columns, 1)));
  return Math.min(MAX_ROWS, Math.max(MIN_ROWS, 2 ** Math.floor(Math.log2(fitting))));
}

export class TableHistory implements SeriesTable {
  /** Whether NaN means "not read". */
  private readonly sparse: boolean;
  private buckets: Buckets;
  private steps: Float64Array = new Float64Array(0);
  private values: Float32Array = new Float32Array(0);
  private rows = 0;
  /** The points of the columns that were read since the last change. */
  private readonly known = new Map<number, Points>();

  constructor(
    readonly id: string,
    readonly kind: TableKind,
    readonly names: readonly string[],
    private readonly tailLimit = rowsFor(names.length),
    private readonly bucketLimit = tailLimit,
    private stride = 1,
  ) {
    this.sparse = !DENSE_KINDS.has(kind);
    this.buckets = new Buckets(names.length, this.sparse);
  }

  static fromSnapshot(table: TableSnapshot, buffers: Buffers): TableHistory {
    const { id, kind, names, tail_limit, bucket_limit, stride } = table;
    const made = new TableHistory(id, kind, names, tail_limit, bucket_limit, stride);
    made.buckets = Buckets.fromSnapshot(
      names.length,
      made.sparse,
      decodeBuckets(table, buffers),
      stride,
    );
    made.append(decodeRows(table, buffers));
    return made;
  }

  static fromRows(table: TableRows, buffers: Buffers): TableHistory {
    if (!table.names) throw new DecodeError(`the columns of ${table.id} were never named`);
    const made = new TableHistory(table.id, table.kind, table.names);
    made.append(decodeRows(table, buffers));
    return made;
  }

  get lastStep(): number {
    return this.steps[this.rows - 1] ?? -1;
  }

  /** Appends the rows of a frame; throws and changes nothing if they cannot be decoded. */
  appendFrom(table: TableRows, buffers: Buffers): void {
    this.append(decodeRows(table, buffers));
  }

  append({ steps, values }: Rows): void {
    this.known.clear();
    const columns = this.names.length;
    // A metric that was logged again at its newest step is replaced.
    if (steps.length > 0 && steps[0] === this.lastStep) this.rows -= 1;
    const half = this.tailLimit >> 1;
    for (let start = 0; start < steps.length; start += half) {
      const end = Math.min(start + half, steps.length);
      while (this.rows + end - start > this.tailLimit)
        this.moveOldestIntoBuckets(Math.min(half, this.rows));
      this.reserve(this.rows + end - start);
      this.steps.set(steps.subarray(start, end), this.rows);
      this.values.set(values.subarray(start * columns, end * columns), this.rows * columns);
      this.rows += end - start;
    }
  }

  points(column: number): Points {
    const known = this.known.get(column);
    if (known) return known;
    const points = this.readPoints(column);
    this.known.set(column, points);
    return points;
  }

  private readPoints(column: number): Points {
    const most = 2 * this.buckets.length + this.rows;
    const steps = new Float64Array(most);
    const values = new Float32Array(most);
    const written = this.buckets.write(column, steps, values);
    steps.set(this.steps.subarray(0, this.rows), written);
    const columns = this.names.length;
    for (let row = 0; row < this.rows; row++) {
      values[written + row] = this.values[row * columns + column] as number;
    }
    const length = this.sparse
      ? withoutNaN(steps, values, written + this.rows)
      : written + this.rows;
    return { steps: steps.subarray(0, length), values: values.subarray(0, length) };
  }

  latest(): Float32Array | null {
    if (this.rows === 0) return null;
    const newest = this.row(this.rows - 1).slice();
    if (this.sparse) this.fillFromEarlier(newest);
    return newest;
  }

  /** Replaces NaN in the newest row by the previous value of the column, if there is one. */
  private fillFromEarlier(newest: Float32Array): void {
    let missing = [...newest.keys()].filter((column) => Number.isNaN(newest[column]));
    for (let index = this.rows - 2; index >= 0 && missing.length > 0; index--) {
      const row = this.row(index);
      for (const column of missing) newest[column] = row[column] as number;
      missing = missing.filter((column) => Number.isNaN(newest[column]));
    }
  }

  private row(index: number): Float32Array {
    const columns = this.names.length;
    return this.values.subarray(index * columns, (index + 1) * columns);
  }

  private moveOldestIntoBuckets(rows: number): void {
    for (let index = 0; index < rows; index++) {
      const step = this.steps[index] as number;
      if (!this.buckets.hasRoom(1, this.stride)) this.openBucket(step);
      this.buckets.add(step, this.row(index));
    }
    this.steps.copyWithin(0, rows, this.rows);
    this.values.copyWithin(0, rows * this.names.length, this.rows * this.names.length);
    this.rows -= rows;
  }

  private openBucket(step: number): void {
    while (this.buckets.length >= this.bucketLimit) {
      this.buckets.mergePairs();
      this.stride *= 2;
      if (this.buckets.hasRoom(1, this.stride)) return;
    }
    this.buckets.open(step);
  }

  private reserve(rows: number): void {
    if (rows <= this.steps.length) return;
    const room = Math.min(this.tailLimit, Math.max(64, rows, 2 * this.steps.length));
    this.steps = grown64(this.steps, room);
    this.values = grown32(this.values, room * this.names.length);
  }
}

/** Moves the points that are not NaN to the front; returns their number. */
function withoutNaN(steps: Float64Array, values: Float32Array, length: number): number {
  let kept = 0;
  for (let index = 0; index < length; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    steps[kept] = steps[index] as number;
    values[kept] = value;
    kept += 1;
  }
  return kept;
}
