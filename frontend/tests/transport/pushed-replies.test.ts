import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GraphData } from "../../src/messages/graph";
import type { PictureSubject } from "../../src/messages/values";
import { ONE_WAY_AFTER_MS } from "../../src/transport/acknowledgements";
import { ANSWER_TIMEOUT_MS, ONE_WAY } from "../../src/transport/channel";
import { KnownGraphs } from "../../src/transport/known-graphs";
import { LiveSession } from "../../src/transport/live-session";
import { StepHistory } from "../../src/transport/step-history";
import { FakeChannel, recorded, snapshot, stateOf, viewOf } from "../fake-channel";

const SUBJECTS: readonly PictureSubject[] = [
  { module: "conv", kind: "maps", steps: [3], range: [0, 1] },
];

let channel: FakeChannel;
let session: LiveSession;
let seq: number;

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeChannel();
  session = new LiveSession(channel, recorded(channel));
  seq = 1;
  channel.receive(snapshot(1));
});
afterEach(() => vi.useRealTimers());

function frame(acknowledged: number | null, graph?: GraphData): void {
  seq += 1;
  const run = stateOf({ step: seq });
  const more = graph ? { graph } : {};
  channel.receive({
    type: "frame",
    seq,
    acknowledged,
    draws_all: true,
    awaited: false,
    handler: null,
    run,
    tables: [],
    ...more,
  });
}

/** Receives frames until the session notices that its messages do not reach the kernel. */
function becomeOneWay(read: number | null): void {
  for (let passed = 0; passed < ONE_WAY_AFTER_MS + 2000; passed += 500) {
    vi.advanceTimersByTime(500);
    frame(read);
  }
  expect(session.isOneWay).toBe(true);
}

function pushPicture(step: number, module = "conv", request: number | null = null): void {
  const picture = {
    module,
    kind: "maps",
    step,
    shape: [1, 1, 2],
    panels: ["0"],
    rows: "height",
    columns: "width",
    silent: [],
    whole: [1, 1, 2],
    values: 0,
    given: null,
  } as const;
  channel.receive({ type: "picture", request, picture }, [viewOf(Float32Array.of(step, step))]);
}

function pushHistogram(step: number, bins: "magnitude" | "even"): void {
  const sent = { steps: 0, edges: 1, counts: 2 };
  channel.receive({ type: "histograms", request: null, names: ["w"], bins, ...sent }, [
    viewOf(Float64Array.of(step)),
    viewOf(Float64Array.of(0, 1, 2)),
    viewOf(Float32Array.of(3, 4)),
  ]);
}

function pushSample(step: number, request: number | null = null): void {
  const sent = { kind: "text", description: "", width: 0, height: 0, content: 0 } as const;
  channel.receive({ type: "sample", request, sample: { name: "prompt", step, ...sent } }, [
    new DataView(new TextEncoder().encode(`at ${step}`).buffer as ArrayBuffer),
  ]);
}

function graphOf(signature: string, nodes = 0): GraphData {
  return { signature, nodes: Array.from({ length: nodes }) } as unknown as GraphData;
}

describe("what the kernel has sent without a request", () => {
  it("is drawn while no acknowledgement has reached the kernel, and requests nothing", async () => {
    channel.receive({ type: "subjects", request: null, subjects: SUBJECTS });
    pushPicture(3);
    pushPicture(7);
    expect(await session.subjects()).toEqual(SUBJECTS);
    expect(await session.picture("conv", "maps", null)).toMatchObject({ step: 7 });
    expect(await session.picture("conv", "maps", 5)).toMatchObject({ step: 3 });
    expect(await session.picture("fc", "maps", null)).toBeNull();
    expect(session.pushed).toBe(3);
    for (const type of ["subjects", "picture"] as const)
      expect(channel.sentOfType(type)).toEqual([]);
  });

  it("has histograms with both kinds of bins", async () => {
    pushHistogram(3, "magnitude");
    pushHistogram(4, "even");
    const [magnitude] = (await session.histograms(["gone", "w"], "magnitude", null)) ?? [];
    expect(magnitude).toMatchObject({ name: "w", step: 3 });
    const [even] = (await session.histograms(["w"], "even", null)) ?? [];
    expect(even).toMatchObject({ step: 4, counts: Float32Array.of(3, 4) });
  });

  it("has samples, of which one that is logged again replaces the one before", async () => {
    for (const step of [3, 7, 7]) pushSample(step);
    expect(await session.sample("prompt", null)).toMatchObject({ step: 7 });
    const earlier = await session.sample("prompt", 5);
    expect(new TextDecoder().decode(earlier?.content)).toBe("at 3");
    expect(await session.sample("none", null)).toBeNull();
    expect(channel.sentOfType("sample")).toEqual([]);
  });

  it("is drawn when acknowledgements stop to reach the kernel, and not when they do", async () => {
    frame(1);
    pushPicture(3);
    void session.picture("conv", "maps", null);
    expect(channel.sentOfType("picture")).toHaveLength(1);
    becomeOneWay(1);
    expect(await session.picture("conv", "maps", null)).toMatchObject({ step: 3 });
    expect(channel.sentOfType("picture")).toHaveLength(1);
    frame(Number.MAX_SAFE_INTEGER);
    void session.picture("conv", "maps", null);
    expect(channel.sentOfType("picture")).toHaveLength(2);
  });

  it("is not drawn when the run has ended, as requests arrive then", async () => {
    pushSample(3);
    seq += 1;
    channel.receive(snapshot(seq, { status: "finished" }));
    void session.sample("prompt", null);
    expect(channel.sentOfType("sample")).toHaveLength(1);
  });

  it("is the answer to a request that times out", async () => {
    frame(1);
    pushPicture(3);
    const picture = session.picture("conv", "maps", null);
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS);
    expect(await picture).toMatchObject({ step: 3 });
  });

  it("that cannot be decoded is a problem of the session", () => {
    channel.receive(
      {
        type: "histograms",
        request: null,
        names: ["w"],
        bins: "even",
        steps: 0,
        edges: 1,
        counts: 2,
      },
      [],
    );
    expect(session.problem).toContain("could not read");
  });

  it("is not confused with the answer to another page's request", () => {
    pushPicture(3, "conv", 12345);
    expect(session.pushed).toBe(0);
  });

  it("is there for a session that begins later", async () => {
    session.close();
    channel = new FakeChannel();
    const messages = recorded(channel);
    for (let step = 0; step < 100; step += 1) pushPicture(step);
    channel.receive(snapshot(1));
    pushPicture(100);
    session = new LiveSession(channel, messages);
    expect(session.state).not.toBeNull();
    expect(await session.picture("conv", "maps", null)).toMatchObject({ step: 100 });
  });
});

describe("a session whose messages begin to wait", () => {
  it("answers pending questions at once", async () => {
    const inspection = session.inspect("fc.weight");
    const graph = session.graphOf("unknown");
    becomeOneWay(null);
    expect(await inspection).toMatchObject({ answered: false, reason: ONE_WAY });
    expect(await graph).toBeNull();
  });

  it("has the earlier graphs that it has received, and no others", async () => {
    for (const signature of ["a", "b"]) frame(null, graphOf(signature));
    becomeOneWay(null);
    expect(await session.graphOf("a")).toMatchObject({ signature: "a" });
    expect(await session.graphOf("c")).toBeNull();
    expect(channel.sentOfType("graph")).toEqual([]);
  });
});

describe("the known graphs", () => {
  it("are bounded in number and nodes, without those used longest ago", () => {
    const graphs = new KnownGraphs();
    for (const signature of "abc") graphs.add(graphOf(signature, 15_000));
    expect(graphs.get("a")).toBeNull();
    expect(graphs.get("b")).not.toBeNull();
    graphs.add(graphOf("d", 15_000));
    expect([..."bcd"].map((each) => graphs.get(each) !== null)).toEqual([true, false, true]);
    graphs.add(graphOf("large", 1_000_000));
    expect(graphs.get("large")).not.toBeNull();
    expect(graphs.get("d")).toBeNull();
    for (let number = 0; number < 100; number += 1) graphs.add(graphOf(String(number)));
    expect(graphs.get("60")).toBeNull();
    expect(graphs.get("99")).not.toBeNull();
  });
});

describe("a history of steps", () => {
  it("is bounded, with the first and the newest value", () => {
    const history = new StepHistory<{ readonly step: number }>();
    expect(history.at(null)).toBeUndefined();
    for (let step = 1; step <= 1000; step += 1) history.add({ step });
    expect(history.at(null)).toEqual({ step: 1000 });
    expect(history.at(0)).toEqual({ step: 1 });
    expect(history.at(500)?.step).toBeLessThanOrEqual(500);
  });
});
