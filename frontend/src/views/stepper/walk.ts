/** A walk, decoded from a message and its buffers. */

import type { Buffers } from "../../decoding/buffers";
import type { GraphData } from "../../messages/graph";
import type {
  Formula,
  Phase,
  WalkMessage,
  WireEvent,
  WireFlow,
  WireValue,
} from "../../messages/stepper";

export interface Value {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly whole: boolean;
  readonly rows: number;
  readonly columns: number;
  /** Null if the value is unknown; then there is a reason. */
  readonly numbers: Float64Array | null;
  readonly minimum: number;
  readonly maximum: number;
  readonly norm: number;
  readonly zeros: number;
  readonly notFinite: number;
  readonly reason: string | null;
}

export interface Flow {
  readonly node: string;
  readonly value: Value;
  /** Number of the value among the results of the node, counted from 0. */
  readonly output: number;
}

export interface WalkEvent {
  readonly phase: Phase;
  readonly node: string;
  readonly words: string;
  readonly inputs: readonly Flow[];
  readonly outputs: readonly Flow[];
  readonly formula: Formula | null;
  readonly before: Value | null;
  readonly after: Value | null;
}

export interface Leaf {
  readonly node: string;
  readonly name: string;
  readonly editable: boolean;
  readonly value: Value;
}

export interface Walk {
  readonly graph: GraphData;
  readonly reason: string | null;
  readonly whyNotEditable: string | null;
  readonly firstNotFinite: number | null;
  readonly firstZero: number | null;
  readonly leaves: readonly Leaf[];
  readonly events: readonly WalkEvent[];
}

export function readWalk(message: WalkMessage, buffers: Buffers): Walk {
  const value = (wire: WireValue) => readValue(wire, buffers);
  const flow = (wire: WireFlow): Flow => ({ ...wire, value: value(wire.value) });
  const event = (wire: WireEvent): WalkEvent => ({
    ...wire,
    inputs: wire.inputs.map(flow),
    outputs: wire.outputs.map(flow),
    before: wire.before && value(wire.before),
    after: wire.after && value(wire.after),
  });
  return {
    graph: message.graph,
    reason: message.reason,
    whyNotEditable: message.why_not_editable,
    firstNotFinite: message.first_not_finite,
    firstZero: message.first_zero,
    leaves: message.leaves.map((leaf) => ({ ...leaf, value: value(leaf.value) })),
    events: message.events.map(event),
  };
}

function readValue(wire: WireValue, buffers: Buffers): Value {
  const numbers = wire.numbers === null ? null : floats(buffers[wire.numbers]);
  const stats = wire.stats === null ? null : floats(buffers[wire.stats]);
  const [minimum = Number.NaN, maximum = Number.NaN, , norm = Number.NaN] = stats ?? [];
  const { shape, dtype, whole, rows, columns, zeros, reason } = wire;
  const notFinite = wire.not_finite;
  return {
    shape,
    dtype,
    whole,
    rows,
    columns,
    numbers,
    minimum,
    maximum,
    norm,
    zeros,
    notFinite,
    reason,
  };
}

/** Returns a copy of a buffer, which may not be aligned to eight bytes. */
function floats(view: DataView | undefined): Float64Array {
  if (!view) throw new Error("a buffer is missing");
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new Float64Array(bytes.slice().buffer);
}
