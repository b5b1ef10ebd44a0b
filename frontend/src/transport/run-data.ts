/** A run's data on this page: one snapshot, and the frames that followed it without a gap. */

import type { Buffers } from "../decoding/buffers";
import { BlockHistory } from "../history/block-history";
import type { BlockRows, Finding, GraphData, KernelMessage, RunState } from "../protocol";
import type { Block } from "../session";

type Content<T extends KernelMessage["type"]> = Extract<KernelMessage, { type: T }>;

export class RunData {
  state: RunState | null = null;
  graph: GraphData | null = null;
  findings: readonly Finding[] = [];
  course: string | null = null;
  private histories = new Map<string, BlockHistory>();
  /** Number of the last message applied; null while a snapshot is awaited. */
  private sequence: number | null = null;

  get blocks(): readonly Block[] {
    return [...this.histories.values()];
  }

  /** Ignores frames until the next snapshot. */
  awaitSnapshot(): void {
    this.sequence = null;
  }

  /** Replaces all data; throws a `DecodeError` and changes nothing if it cannot be read. */
  applySnapshot(message: Content<"snapshot">, buffers: Buffers): void {
    this.histories = new Map(
      message.blocks.map((block) => [block.id, BlockHistory.fromSnapshot(block, buffers)]),
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
      for (const block of message.blocks) this.appendRows(block, buffers);
    } catch {
      return "lost";
    }
    if (message.graph) this.graph = message.graph;
    if (message.findings) this.findings = message.findings;
    this.sequence = message.seq;
    this.state = message.run;
    return "applied";
  }

  private appendRows(block: BlockRows, buffers: Buffers): void {
    const known = this.histories.get(block.id);
    const { names, columns } = block;
    const same = names === null ? known?.names.length === columns : sameNames(known, names);
    if (known && same) known.appendFrom(block, buffers);
    else this.histories.set(block.id, BlockHistory.fromRows(block, buffers));
  }
}

function sameNames(known: Block | undefined, names: readonly string[]): boolean {
  return (
    known?.names.length === names.length && names.every((name, at) => name === known.names[at])
  );
}
