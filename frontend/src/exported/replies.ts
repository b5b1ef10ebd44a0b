/** Finds the reply to a request of a view among those that an exported page contains. */

import type { Buffers } from "../decoding/buffers";
import { readHistograms } from "../decoding/histograms";
import type { Question, Reply } from "../messages/exported";
import type { HistogramsMessage, RefusedMessage } from "../messages/kernel";
import type { HistogramsRequest, PageMessage } from "../messages/page";
import type { Recorded } from "./records";

export interface Answer {
  readonly content: Reply | RefusedMessage;
  readonly buffers: Buffers;
}

type GradientHistogram = ReturnType<typeof readHistograms>[number];

/** What was recorded at a step. */
interface AtStep<T> {
  readonly step: number;
  readonly value: T;
}

const NO_KERNEL = "This page is a copy of the run, without the kernel that trained it.";
const NOT_HERE = "This page does not contain its values.";

export class RecordedReplies {
  private readonly single = new Map<string, Recorded>();
  private readonly steps = new Map<string, AtStep<Recorded>[]>();
  private readonly histograms = new Map<string, AtStep<GradientHistogram>[]>();

  constructor(records: readonly Recorded[]) {
    for (const record of records) this.add(record);
    for (const found of [...this.steps.values(), ...this.histograms.values()]) {
      found.sort((a, b) => a.step - b.step);
    }
  }

  /** Returns the state of the run. */
  get snapshot(): Answer | null {
    const record = this.single.get("hello");
    return record ? { content: record.reply, buffers: record.buffers } : null;
  }

  /** Returns the reply to a request; null if it needs none. */
  to(request: PageMessage): Answer | null {
    switch (request.type) {
      case "hello":
      case "received":
      case "text":
      case "asset":
        return null;
      case "graph":
        return this.found(request) ?? withoutBuffers({ ...request, graph: null });
      case "subjects":
        return this.found(request) ?? withoutBuffers({ ...request, subjects: [] });
      case "inspect":
        return this.found(request) ?? withoutBuffers(nothingKnown(request.name, request.request));
      case "picture":
        return this.found(request) ?? withoutBuffers({ ...numbered(request), picture: null });
      case "sample":
        return this.found(request) ?? withoutBuffers({ ...numbered(request), sample: null });
      case "histograms":
        return this.histogramsFor(request);
      default:
        return withoutBuffers(refusal(request));
    }
  }

  private add(record: Recorded): void {
    const { question, reply } = record;
    if (reply.type === "histograms") this.addHistograms(reply, record.buffers);
    else if (question.type === "picture" || question.type === "sample") {
      const step = question.step ?? 0;
      insert(this.steps, keyOf(question), { step, value: record });
    } else this.single.set(keyOf(question), record);
  }

  private addHistograms(reply: HistogramsMessage, buffers: Buffers): void {
    for (const histogram of readHistograms(reply, buffers)) {
      const key = `${reply.bins} ${histogram.name}`;
      insert(this.histograms, key, { step: histogram.step, value: histogram });
    }
  }

  /** Returns the recorded reply, at the newest step up to that of the request. */
  private found(request: Exclude<Question, HistogramsRequest>): Answer | null {
    const key = keyOf(request);
    const step = "step" in request ? request.step : null;
    const record = this.single.get(key) ?? newest(this.steps.get(key), step);
    if (!record) return null;
    const { reply, buffers } = record;
    const number = "request" in request ? { request: request.request } : {};
    return { content: { ...reply, ...number } as Reply, buffers };
  }

  private histogramsFor({ names, bins, step, request }: HistogramsRequest): Answer {
    const found = names.flatMap(
      (name) => newest(this.histograms.get(`${bins} ${name}`), step) ?? [],
    );
    const content: HistogramsMessage = {
      type: "histograms",
      request,
      names: found.map(({ name }) => name),
      bins,
      steps: 0,
      edges: 1,
      counts: 2,
    };
    const steps = Float64Array.from(found, (each) => each.step);
    const edges = Float64Array.from(found.flatMap((each) => [...each.edges]));
    const counts = Float32Array.from(found.flatMap((each) => [...each.counts]));
    return { content, buffers: [steps, edges, counts].map(({ buffer }) => new DataView(buffer)) };
  }
}

function keyOf(question: Question): string {
  switch (question.type) {
    case "graph":
      return `graph ${question.signature}`;
    case "inspect":
      return `inspect ${question.name}`;
    case "picture":
      return `picture ${question.kind} ${question.module}`;
    case "sample":
      return `sample ${question.name}`;
    default:
      return question.type;
  }
}

function insert<T>(map: Map<string, AtStep<T>[]>, key: string, value: AtStep<T>): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

/** Returns the newest up to a step, or the oldest if all are later; of all for null. */
function newest<T>(found: readonly AtStep<T>[] = [], step: number | null): T | undefined {
  const fitting = step === null ? found : found.filter((each) => each.step <= step);
  return (fitting.at(-1) ?? found[0])?.value;
}

function numbered<T extends "picture" | "sample">({ type, request }: { type: T; request: number }) {
  return { type, request };
}

function nothingKnown(name: string, request: number): Reply {
  // Of an operation, whose id has a slash, the view says which graphs have values.
  const reason = name.includes("/") ? null : NOT_HERE;
  return { type: "inspection", request, value: null, gradient: null, norms: [], reason };
}

function refusal(request: PageMessage): RefusedMessage {
  const number = "request" in request ? request.request : null;
  return {
    type: "refused",
    reason: NO_KERNEL,
    request: number,
    question: request.type,
    subject: null,
  };
}

function withoutBuffers(content: Reply | RefusedMessage): Answer {
  return { content, buffers: [] };
}
