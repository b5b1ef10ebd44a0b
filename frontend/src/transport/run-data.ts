/** A run's data on this page: one snapshot, and the frames that followed it without a gap. */

import type { Buffers } from "../decoding/buffers";
import { TableHistory } from "../history/table-history";
import type { Finding, GraphData, KernelMessage, RunState, TableRows } from "../protocol";
import type { SeriesTable } from "../session";

type Content<T extends KernelMessage["type"]> = Extract<KernelMessage, { type: T }>;

export class RunData {
  state: RunState | null = null;
  graph: GraphData | null = null;
  findings: readonly Finding[] = [];
  course: string | null = null;
  private histories = new Map<string, TableHistory>();
  /** Number of the last message applied; null while a snapshot is awaited. */
  private sequence: number | null = null;

  get tables(): readonly SeriesTable[] {
    return [...this.histories.values()];
  }

  /** Ignores frames until the next snapshot. */
  awaitSnapshot(): void {
    this.sequence = null;
  }

  /** Replaces all data; throws a `DecodeError` and changes nothing if it cannot be read. */
  applySnapshot(message: Content<"snapshot">, buffers: Buffers): void {
    this.histories = new Map(
      message.tables.map((table) => [table.id, TableHistory.fromSnapshot(table, buffers)]),
    );
    this.graph = message.graph;
    this.findings = message.findings;
    this.course = message.course;
    this.sequence = message.seq;
    this.state = message.run;
  }

  /**
   * Appends a frame. Returns "ignored" while a snapshot is awaited, and "lost" when a frame before
   * it is missing or its rows cannot be read: then a new snapshot is needed.
   */
  applyFrame(message: Content<"frame">, buffers: Buffers): "applied" | "ignored" | "lost" {
    if (this.sequence === null) return "ignored";
    if (message.seq !== this.sequence + 1) return "lost";
    try {
      for (const table of message.tables) this.appendRows(table, buffers);
    } catch {
      return "lost";
    }
    if (message.graph) this.graph = message.graph;
    if (message.findings) this.findings = message.findings;
    this.sequence = message.seq;
    this.state = message.run;
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

function sameNames(known: SeriesTable | undefined, names: readonly string[]): boolean {
  return (
    known?.names.length === names.length && names.every((name, at) => name === known.names[at])
  );
}
