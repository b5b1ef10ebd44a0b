/**
 * Reads numbers out of a message's buffers, which are little endian, as all current browsers are.
 */

import type { BlockRows, BlockSnapshot, BufferIndex } from "../protocol";

export type Buffers = readonly DataView[];

export interface Rows {
  readonly steps: Float64Array;
  readonly values: Float32Array;
}

export interface FoldedRows {
  readonly first: Float64Array;
  readonly low: Float32Array;
  readonly lowAt: Float32Array;
  readonly high: Float32Array;
  readonly highAt: Float32Array;
}

/** Thrown when a message does not follow the protocol. */
export class DecodeError extends Error {}

export function decodeRows(block: BlockRows, buffers: Buffers): Rows {
  const cells = block.rows * block.columns;
  return {
    steps: new Float64Array(bytes(buffers, block.steps, block.rows * 8)),
    values: new Float32Array(bytes(buffers, block.values, cells * 4)),
  };
}

export function decodeFolded(block: BlockSnapshot, buffers: Buffers): FoldedRows {
  const size = block.buckets * block.columns * 4;
  return {
    first: new Float64Array(bytes(buffers, block.first, block.buckets * 8)),
    low: new Float32Array(bytes(buffers, block.low, size)),
    lowAt: new Float32Array(bytes(buffers, block.low_at, size)),
    high: new Float32Array(bytes(buffers, block.high, size)),
    highAt: new Float32Array(bytes(buffers, block.high_at, size)),
  };
}

export function readFloat64(buffers: Buffers, index: BufferIndex): Float64Array {
  return new Float64Array(bytes(buffers, index, buffers[index]?.byteLength ?? -1));
}

export function readFloat32(buffers: Buffers, index: BufferIndex, count: number): Float32Array {
  return new Float32Array(bytes(buffers, index, 4 * count));
}

/** A copy of one buffer, because a view into a message need not be aligned. */
function bytes(buffers: Buffers, index: BufferIndex, length: number): ArrayBuffer {
  const view = buffers[index];
  if (!view || view.byteLength !== length) {
    throw new DecodeError(`buffer ${index} has ${view?.byteLength ?? "no"} bytes, not ${length}`);
  }
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(view.buffer, view.byteOffset, length));
  return copy.buffer;
}
