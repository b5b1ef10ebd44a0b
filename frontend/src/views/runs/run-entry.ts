/** A run of the table, with its numbers. */

import { type Buffers, DecodeError, readFloat32, readFloat64 } from "../../decoding/buffers";
import { recordOf } from "../../decoding/records";
import type { RowsOfRuns, RunRow } from "../../messages/runs";

/** What a loss or a metric has come to; NaN without a finite value. */
export interface Result {
  readonly last: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The course of a loss in a few points. */
export interface Outline {
  /** From 0 to 1. */
  readonly places: Float32Array;
  readonly values: Float32Array;
}

export interface RunEntry extends Omit<RunRow, "results" | "points"> {
  readonly results: ReadonlyMap<string, Result>;
  readonly outline: Outline;
}

const VALUES_PER_RESULT = 3;

export function readEntries({ rows, ...content }: RowsOfRuns, buffers: Buffers): RunEntry[] {
  const numbers = readFloat64(buffers, content.numbers);
  const results = rows.reduce((sum, row) => sum + row.results.length, 0);
  if (numbers.length !== VALUES_PER_RESULT * results) throw new DecodeError("numbers are missing");
  const points = rows.reduce((sum, row) => sum + row.points, 0);
  const outlines = readFloat32(buffers, content.outlines, 2 * points);
  let [number, point] = [0, 0];
  const next = () => numbers[number++] ?? Number.NaN;
  return rows.map((row) => {
    const found = row.results.map((name): [string, Result] => [
      name,
      { last: next(), lowest: next(), highest: next() },
    ]);
    const start = point;
    point += 2 * row.points;
    const outline = {
      places: outlines.subarray(start, start + row.points),
      values: outlines.subarray(start + row.points, point),
    };
    const configuration = recordOf(row.configuration);
    return { ...row, configuration, results: new Map(found), outline };
  });
}
