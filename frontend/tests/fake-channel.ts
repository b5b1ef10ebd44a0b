/** A channel without a kernel: records what the page sends, and emits what a test passes. */

import type { Buffers } from "../src/decoding/buffers";
import type { KernelMessage, SnapshotMessage } from "../src/messages/kernel";
import type { PageMessage } from "../src/messages/page";
import { PROTOCOL_VERSION } from "../src/messages/protocol";
import type { RunState } from "../src/messages/run";
import type { TableRows } from "../src/messages/tables";
import type { ChannelState } from "../src/messages/widgets";
import type { Channel } from "../src/transport/channel";
import { MessageRecorder, type RecordedModel } from "../src/transport/message-recorder";
import { PageScripts } from "../src/transport/page-scripts";

type Listener = (content?: unknown, buffers?: Buffers) => void;

export class FakeChannel implements Channel {
  comm_live = true;
  readonly sent: PageMessage[] = [];
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(
    private readonly runId = "run",
    private readonly protocol = PROTOCOL_VERSION,
  ) {}

  get<T extends keyof ChannelState>(trait: T): ChannelState[T] {
    return { protocol: this.protocol, run_id: this.runId }[trait];
  }

  send(content: PageMessage): void {
    this.sent.push(content);
  }

  on(event: string, listener: Listener): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((sum, each) => sum + each.size, 0);
  }

  sentOfType(type: PageMessage["type"]): PageMessage[] {
    return this.sent.filter((message) => message.type === type);
  }

  receive(message: KernelMessage, buffers: Buffers = []): void {
    this.emit("msg:custom", message, buffers);
  }

  disconnect(): void {
    this.comm_live = false;
    this.emit("comm_live_update");
  }

  reconnect(): void {
    this.comm_live = true;
    this.emit("comm_live_update");
  }

  private emit(event: string, content?: unknown, buffers?: Buffers): void {
    for (const listener of this.listeners.get(event) ?? []) listener(content, buffers);
  }
}

/** Returns a recorder of the messages of a channel, on a page of its own. */
export function recorded(model: RecordedModel): MessageRecorder {
  return new MessageRecorder(model, new PageScripts());
}

export function stateOf(facts: Partial<RunState> = {}): RunState {
  return {
    name: "run",
    status: "running",
    message: null,
    step: 0,
    epoch: null,
    steps_per_epoch: null,
    epoch_start: null,
    total_steps: null,
    length_source: null,
    may_end_early: false,
    steps_per_second: null,
    elapsed: 0,
    remaining: null,
    device: "cpu",
    process_memory: null,
    device_memory: null,
    cost: 0,
    getting_started: false,
    budget: 0.03,
    parameters: 10,
    trainable: 10,
    notices: [],
    structures: [],
    pictures: 0,
    skipped: [],
    pace: null,
    read_from: null,
    ...facts,
  };
}

export function viewOf(array: Float32Array | Float64Array): DataView {
  return new DataView(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/** A loss table with one row per step. */
export function lossRows(
  steps: number[],
  values: number[],
): { table: TableRows; buffers: Buffers } {
  const table: TableRows = {
    id: "loss",
    kind: "loss",
    names: ["loss"],
    columns: 1,
    rows: steps.length,
    steps: 0,
    values: 1,
  };
  return { table, buffers: [viewOf(Float64Array.from(steps)), viewOf(Float32Array.from(values))] };
}

export function snapshot(seq: number, facts: Partial<RunState> = {}): SnapshotMessage {
  return {
    type: "snapshot",
    seq,
    acknowledged: null,
    handler: null,
    run: stateOf(facts),
    progress: { epochs: { steps: [], values: [] }, seconds: { steps: [], values: [] } },
    tables: [],
    graph: null,
    findings: [],
    history: { rules: 24, silenced: [], past: [], dropped: 0 },
    frozen: [],
    configuration: {},
    tuning: { groups: [], modules: [], events: [] },
    samples: [],
    course: null,
    notebook: "jupyter",
    pending: [],
    exported: null,
  };
}
