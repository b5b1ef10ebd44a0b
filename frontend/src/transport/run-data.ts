/** The data of a run on this page: a snapshot, and the frames that followed it without a gap. */

import type { Buffers } from "../decoding/buffers";
import { recordOf } from "../decoding/records";
import { ProgressHistory } from "../history/progress-history";
import { TableHistory } from "../history/table-history";
import type { GraphData } from "../messages/graph";
import type { FrameMessage, NotebookKind, SnapshotMessage } from "../messages/kernel";
import type { Finding, FindingsHistory, Progress, RunState } from "../messages/run";
import type { SampleSeries } from "../messages/samples";
import type { TableRows, TableSnapshot } from "../messages/tables";
import type { Tuning } from "../messages/tuning";
import type { SeriesTable } from "../session";

const NO_HISTORY: FindingsHistory = { rules: 0, silenced: [], past: [], dropped: 0 };
const NO_TUNING: Tuning = { groups: [], modules: [], events: [] };

export class RunData {
  state: RunState | null = null;
  graph: GraphData | null = null;
  findings: readonly Finding[] = [];
  history: FindingsHistory = NO_HISTORY;
  frozen: ReadonlySet<string> = new Set();
  configuration: Readonly<Record<string, string>> = {};
  tuning: Tuning = NO_TUNING;
  samples: readonly SampleSeries[] = [];
  course: string | null = null;
  notebook: NotebookKind = "jupyter";
  exported: number | null = null;
  /** Whether all views draw the newest frame. */
  drawsAll = true;
  private steps = ProgressHistory.empty();
  private histories = new Map<string, TableHistory>();
  /** Ids of the tables that did not fit into the snapshot and have not arrived in a frame. */
  private readonly pending = new Set<string>();
  /** Number of the last message applied; null while a snapshot is awaited. */
  private sequence: number | null = null;

  get tables(): readonly SeriesTable[] {
    return [...this.histories.values()];
  }

  get progress(): Progress {
    return this.steps;
  }

  /** Whether tables of the snapshot have not arrived yet. */
  get isLoading(): boolean {
    return this.pending.size > 0;
  }

  /** Ignores frames until the next snapshot. */
  awaitSnapshot(): void {
    this.sequence = null;
  }

  /**
   * Replaces all data, except that a pending table is replaced when it arrives. Throws a
   * `DecodeError` and changes nothing if the message cannot be decoded.
   */
  applySnapshot(message: SnapshotMessage, buffers: Buffers): void {
    const received = readTables(message.tables, buffers);
    const pending = new Set(message.pending);
    const known = [...this.histories].filter(([id]) => pending.has(id));
    this.histories = new Map([...received, ...known]);
    this.pending.clear();
    for (const id of pending) this.pending.add(id);
    this.graph = message.graph;
    this.findings = message.findings;
    this.history = message.history;
    this.frozen = new Set(message.frozen);
    this.configuration = recordOf(message.configuration);
    this.tuning = message.tuning;
    this.samples = message.samples;
    this.course = message.course;
    this.notebook = message.notebook;
    this.exported = message.exported;
    this.sequence = message.seq;
    this.state = message.run;
    this.steps = ProgressHistory.fromSnapshot(message.progress, message.run.epoch_start);
    this.steps.add(message.run);
  }

  /**
   * Appends a frame. Returns "ignored" while a snapshot is awaited, and "lost" when a frame before
   * it is missing or its rows cannot be decoded: then a new snapshot is needed.
   */
  applyFrame(message: FrameMessage, buffers: Buffers): "applied" | "ignored" | "lost" {
    if (this.sequence === null || this.state === null) return "ignored";
    if (message.seq !== this.sequence + 1) return "lost";
    try {
      for (const table of message.tables) this.appendRows(table, buffers);
      for (const [id, history] of readTables(message.snapshots ?? [], buffers)) {
        this.histories.set(id, history);
        this.pending.delete(id);
      }
    } catch {
      return "lost";
    }
    if (message.graph) this.graph = message.graph;
    if (message.findings) this.findings = message.findings;
    if (message.history) this.history = message.history;
    if (message.frozen) this.frozen = new Set(message.frozen);
    if (message.configuration) this.configuration = recordOf(message.configuration);
    if (message.tuning) this.tuning = { ...this.tuning, ...message.tuning };
    if (message.samples) this.samples = withChanges(this.samples, message.samples);
    this.sequence = message.seq;
    this.state = { ...this.state, ...message.run };
    this.steps.add(this.state);
    this.drawsAll = message.draws_all;
    return "applied";
  }

  private appendRows(table: TableRows, buffers: Buffers): void {
    const known = this.histories.get(table.id);
    const { names, columns } = table;
    const same = names === null ? known?.names.length === columns : sameNames(known, names);
    if (known && same) known.appendFrom(table, buffers);
    else this.histories.set(table.id, TableHistory.fromRows(table, buffers));
  }
}

function readTables(
  tables: readonly TableSnapshot[],
  buffers: Buffers,
): readonly (readonly [id: string, history: TableHistory])[] {
  return tables.map((table) => [table.id, TableHistory.fromSnapshot(table, buffers)] as const);
}

/** Returns the series with some replaced or added, and without those that have become empty. */
function withChanges(
  samples: readonly SampleSeries[],
  changed: readonly SampleSeries[],
): readonly SampleSeries[] {
  const byName = new Map([...samples, ...changed].map((series) => [series.name, series]));
  return [...byName.values()].filter(({ steps }) => steps.length > 0);
}

function sameNames(known: SeriesTable | undefined, names: readonly string[]): boolean {
  return (
    known?.names.length === names.length && names.every((name, at) => name === known.names[at])
  );
}
