/** Decodes numbers from the buffers of a message. They are little endian, as in all browsers. */

import type { BufferIndex } from "../messages/protocol";
import type { TableRows, TableSnapshot } from "../messages/tables";

export type Buffers = readonly DataView[];

export interface Rows {
  readonly steps: Float64Array;
  readonly values: Float32Array;
}

export interface SentBuckets {
  readonly first: Float64Array;
  readonly low: Float32Array;
  readonly lowAt: Float32Array;
  readonly high: Float32Array;
  readonly highAt: Float32Array;
}

/** Thrown when a message does not follow the protocol. */
export class DecodeError extends Error {}

export function decodeRows(table: TableRows, buffers: Buffers): Rows {
  const cells = table.rows * table.columns;
  return {
    steps: new Float64Array(bytes(buffers, table.steps, table.rows * 8)),
    values: new Float32Array(bytes(buffers, table.values, cells * 4)),
  };
}

export function decodeBuckets(table: TableSnapshot, buffers: Buffers): SentBuckets {
  const size = table.buckets * table.columns * 4;
  return {
    first: new Float64Array(bytes(buffers, table.first, table.buckets * 8)),
    low: new Float32Array(bytes(buffers, table.low, size)),
    lowAt: new Float32Array(bytes(buffers, table.low_at, size)),
    high: new Float32Array(bytes(buffers, table.high, size)),
    highAt: new Float32Array(bytes(buffers, table.high_at, size)),
  };
}

export function readFloat64(buffers: Buffers, index: BufferIndex): Float64Array {
  return new Float64Array(bytes(buffers, index, buffers[index]?.byteLength ?? -1));
}

export function readFloat32(buffers: Buffers, index: BufferIndex, count: number): Float32Array {
  return new Float32Array(bytes(buffers, index, 4 * count));
}

/** Returns a copy of all bytes of a buffer. */
export function readBytes(buffers: Buffers, index: BufferIndex): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes(buffers, index, buffers[index]?.byteLength ?? -1));
}

/** Returns a copy of a buffer, because the view may not be aligned to its element size. */
function bytes(buffers: Buffers, index: BufferIndex, length: number): ArrayBuffer {
  const view = buffers[index];
  if (!view || view.byteLength !== length) {
    throw new DecodeError(`buffer ${index} has ${view?.byteLength ?? "no"} bytes, not ${length}`);
  }
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(view.buffer, view.byteOffset, length));
  return copy.buffer;
}
