/** Runs of a folder as the kernel sends them. */

import type { Buffers } from "../../../src/decoding/buffers";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import type { RowsOfRuns, RunRow, RunsKernelMessage } from "../../../src/messages/runs";
import { viewOf } from "../../fake-channel";

/** A run with a loss, by the values that matter to a test. */
export interface SampleRun extends Partial<RunRow> {
  readonly key: string;
  readonly loss?: number;
}

const RUN = {
  error: null,
  status: "finished",
  message: null,
  steps: 100,
  started: 0,
  duration: 10,
  note: "",
  findings: 0,
  finding: "",
  configuration: {},
} as const;

export function rowsOf(runs: readonly SampleRun[]): [RowsOfRuns, Buffers] {
  const rows = runs.map(({ loss, ...run }): RunRow => {
    const results = loss === undefined ? [] : ["loss"];
    return { ...RUN, name: run.key, ...run, results, points: 2 * results.length };
  });
  const losses = runs.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  const numbers = losses.flatMap((loss) => [loss, loss / 2, 4 * loss]);
  const outlines = losses.flatMap((loss) => [0, 1, 4 * loss, loss]);
  const buffers = [viewOf(Float64Array.from(numbers)), viewOf(Float32Array.from(outlines))];
  return [{ rows, numbers: 0, outlines: 1 }, buffers];
}

export function allRuns(runs: readonly SampleRun[]): [RunsKernelMessage, Buffers] {
  const [content, buffers] = rowsOf(runs);
  const folder = "/home/runs";
  return [{ type: "runs", protocol: PROTOCOL_VERSION, folder, problem: null, content }, buffers];
}

export function changedRuns(
  runs: readonly SampleRun[],
  removed: readonly string[] = [],
): [RunsKernelMessage, Buffers] {
  const [content, buffers] = rowsOf(runs);
  return [{ type: "run-rows", problem: null, removed, content }, buffers];
}
