/** The columns of two shapes that are aligned at their last dimension. */

import type { BroadcastReading } from "../../messages/broadcast";

export interface Entry {
  /** The place of the dimension in its shape; null where the shape has none. */
  readonly dimension: number | null;
  readonly size: number | null;
  /** The size that it is stretched to, or null. */
  readonly stretchedTo: number | null;
  /** The stride after stretching, or null where the shapes clash. */
  readonly stride: number | null;
}

export interface Column {
  readonly entries: readonly Entry[];
  /** The size of the result, or null where no result exists. */
  readonly result: number | null;
  readonly clashes: boolean;
  /** Whether PyTorch's message names this dimension. */
  readonly named: boolean;
}

/** Returns the columns of a reading, from the left. */
export function columnsOf(reading: BroadcastReading): readonly Column[] {
  const depth = Math.max(...reading.shapes.map((shape) => shape.length));
  return Array.from({ length: depth }, (_, at) => columnAt(reading, at, depth));
}

function columnAt(reading: BroadcastReading, at: number, depth: number): Column {
  const sizes = reading.shapes.map((shape) => shape[at - depth + shape.length] ?? null);
  const fixed = new Set(sizes.filter((size) => size !== null && size !== 1));
  const clashes = fixed.size > 1;
  const size = clashes ? null : ([...fixed][0] ?? 1);
  const entries = reading.shapes.map((shape, row) => ({
    dimension: at >= depth - shape.length ? at - depth + shape.length : null,
    size: sizes[row] ?? null,
    stretchedTo: size !== null && sizes[row] !== size ? size : null,
    stride: reading.strides[row]?.[at] ?? null,
  }));
  const result = reading.error ? null : (reading.result[at] ?? null);
  return { entries, result, clashes, named: clashes && reading.clash === at };
}

/** Says in words what happens to an entry. */
export function labelOf(name: string, entry: Entry, column: Column, at: number): string {
  const has = entry.size === null ? `has no dimension here` : `has size ${entry.size}`;
  const then = column.clashes
    ? "; the sizes clash"
    : entry.stretchedTo === null
      ? ""
      : `, stretched to ${entry.stretchedTo}${entry.stride === null ? "" : `: stride ${entry.stride}`}`;
  return `dimension ${at}: ${name} ${has}${then}`;
}
