/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { FragmentMessage, KernelMessage } from "../../src/messages/kernel";
import type { PageMessage } from "../../src/messages/page";
import type { Points } from "../../src/session";
import { FragmentAssembler } from "../../src/transport/fragments";
import { LiveSession } from "../../src/transport/live-session";
import { FakeChannel, recorded } from "../fake-channel";
import { kernelMessages, pageMessages } from "../fixtures/messages";

interface Fixture {
  readonly message: KernelMessage;
  readonly buffers: readonly string[];
  readonly expected: Readonly<Record<string, unknown>>;
}

function readFixture(name: string): string {
  const path = new URL(`../../../tests/fixtures/protocol/${name}.json`, import.meta.url);
  return readFileSync(path, "utf8");
}

/** A message written by Python. */
function fixture(name: string): Fixture {
  return JSON.parse(readFixture(name));
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64");
}

function lengthsOf({ buffers }: Fixture): number[] {
  return buffers.map((text) => bytesOf(text).length);
}

/** Views of buffers at odd offsets, as a socket may deliver them. */
function viewsOf({ buffers }: Fixture): DataView[] {
  return buffers.map((text) => {
    const bytes = bytesOf(text);
    const whole = new Uint8Array(bytes.length + 1);
    whole.set(bytes, 1);
    return new DataView(whole.buffer, 1);
  });
}

function stepsWhere({ steps, values }: Points, wanted: (value: number) => boolean): number[] {
  return [...steps].filter((_, index) => wanted(values[index] as number));
}

describe("the decoder of Python's messages", () => {
  it("reads a snapshot with its spike and its NaN, then a frame", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const first = fixture("snapshot");
    channel.receive(first.message, viewsOf(first));
    const points = session.tables[0]?.points(0) as Points;
    expect(first.expected).toEqual({
      points: points.steps.length,
      first: points.steps[0],
      last: points.steps.at(-1),
      spike: stepsWhere(points, (value) => value === 50),
      nan: stepsWhere(points, Number.isNaN),
    });
    expect(session.graph?.nodes.map((node) => node.op)).toEqual(["parameter", "addmm", "loss"]);
    expect(session.state?.name).toBe("<b>fixture</b>");
    expect(session.state?.steps_per_second).toBeNull();

    expect(session.isLoading).toBe(true);
    const next = fixture("frame");
    channel.receive(next.message, viewsOf(next));
    expect(session.problem).toBeNull();
    const [loss, gradients, accuracy] = session.tables;
    expect(loss?.lastStep).toBe(next.expected.last);
    expect([...(loss?.latest() ?? [])]).toEqual([Number.POSITIVE_INFINITY]);
    expect([...(gradients?.latest() ?? [])]).toEqual([0.25, Number.NaN]);
    expect([...(accuracy?.points(0).values ?? [])]).toEqual(next.expected.accuracy);
    expect(session.isLoading).toBe(false);
  });

  it("reads the statistics of a parameter", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const sent = fixture("inspection");
    const inspection = session.inspect("fc.weight");
    const { request } = channel.sent.at(-1) as { request: number };
    expect(channel.sent.at(-1)).toEqual({ type: "inspect", name: "fc.weight", request });
    channel.receive({ ...sent.message, request } as KernelMessage, viewsOf(sent));
    const { value, gradient, norms, reason } = await inspection;
    expect(gradient).toBeNull();
    expect({ norms, reason }).toEqual({ norms: sent.expected.norms, reason: "so" });
    expect(value).toMatchObject({ shape: [2, 2], minimum: -1, mean: Number.NaN, notFinite: 1 });
    expect([...(value?.counts ?? [])]).toEqual(sent.expected.counts);
    expect([...(value?.edges ?? [])]).toEqual([-1, 0, 1, 2]);
  });
});

describe("the samples of Python's messages", () => {
  it("have their content, and are gone when none is stored any more", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const first = fixture("snapshot");
    channel.receive(first.message, viewsOf(first));
    const sent = fixture("sample");
    const sample = session.sample("<i>made</i>", 4);
    const { request } = channel.sent.at(-1) as { request: number };
    channel.receive({ ...sent.message, request } as KernelMessage, viewsOf(sent));
    expect(new TextDecoder().decode((await sample)?.content)).toBe(sent.expected.text);
    const next = fixture("frame");
    const gone = session.samples.map((series) => ({ ...series, steps: [] }));
    channel.receive({ ...next.message, samples: gone } as KernelMessage, viewsOf(next));
    expect(session.samples).toEqual([]);
  });
});

describe("the assembler of fragments", () => {
  const { fragments, message } = JSON.parse(readFixture("fragments")) as {
    readonly fragments: readonly Fixture[];
    readonly message: Fixture;
  };

  it("returns the message that Python has split", () => {
    const assembler = new FragmentAssembler();
    const results = fragments.map((sent) =>
      assembler.add(sent.message as FragmentMessage, viewsOf(sent)),
    );
    expect(results.slice(0, -1)).toEqual(fragments.slice(1).map(() => null));
    const complete = results.at(-1);
    expect(complete?.content).toEqual(message.message);
    const bytes = complete?.buffers.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength).toString("base64"),
    );
    expect(bytes).toEqual(message.buffers);
  });

  it("discards a message that lacks a fragment", () => {
    const assembler = new FragmentAssembler();
    const [first, , ...rest] = fragments;
    for (const sent of [first as Fixture, ...rest]) {
      expect(assembler.add(sent.message as FragmentMessage, viewsOf(sent))).toBeNull();
    }
  });

  it("passes the message on to the session", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const first = fixture("snapshot");
    const header = Buffer.from(
      JSON.stringify({ content: first.message, lengths: lengthsOf(first) }),
    );
    const size = Buffer.alloc(4);
    size.writeUInt32LE(header.length);
    const encoded = Buffer.concat([size, header, ...first.buffers.map(bytesOf)]);
    const middle = encoded.length >> 1;
    for (const [index, part] of [encoded.subarray(0, middle), encoded.subarray(middle)].entries()) {
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      channel.receive({ type: "fragment", message: 1, index, count: 2 }, [view]);
    }
    expect(session.tables[0]?.points(0).steps.length).toBe(first.expected.points);
  });
});

describe("every message", () => {
  const kernelNames = Object.keys(kernelMessages).filter((name) => name !== "refused");

  it.each(kernelNames)("of the kernel is decoded without a problem: %s", (name) => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const first = fixture("snapshot");
    channel.receive(first.message, viewsOf(first));
    const sent = fixture(name);
    channel.receive(sent.message, viewsOf(sent));
    expect(session.problem).toBeNull();
  });

  it("of the kernel changes the graph and the findings that it contains", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    for (const name of ["snapshot", "frame"]) {
      const sent = fixture(name);
      channel.receive(sent.message, viewsOf(sent));
      expect(session.findings.map(({ rule }) => rule)).toEqual(["dead-units"]);
    }
    const sent = fixture("changes");
    channel.receive(sent.message, viewsOf(sent));
    expect(session.findings).toEqual([]);
    expect(session.samples.map(({ name, steps }) => [name, steps])).toEqual([
      ["<i>made</i>", [2, 4]],
    ]);
    expect(session.course).toBe("~/labkit");
  });

  it("of the page equals the fixture that Python reads", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const first = fixture("snapshot");
    const next = fixture("frame");
    channel.receive(first.message, viewsOf(first));
    channel.receive(next.message, viewsOf(next));
    channel.receive({ type: "asset", name: "layout.js" }); // without its buffer
    void session.graphOf("abc");
    void session.inspect("fc.weight");
    void session.subjects();
    void session.histograms(["fc.weight"], "even", 5);
    void session.picture("fc", "units", null);
    void session.sample("samples", null);
    void session.control("pause");
    void session.setPace(20);
    void session.exportPage(() => undefined);
    void session.ignore("dead-units", true);
    void session.changeTraining({
      type: "adjust",
      group: "0",
      quantity: "lr",
      value: [0.01],
      schedule: "scale",
    });
    void session.changeTraining({ type: "freeze", module: "fc", frozen: true });
    void session.changeTraining({ type: "budget", budget: 0.1 });
    void session.changeTraining({ type: "undo", event: 1 });
    void session.asset("layout.js").catch(() => undefined);
    const sent = new Map(channel.sent.map((message) => [message.type, message]));
    expect([...sent.keys()].sort()).toEqual(Object.keys(pageTypes).sort());
    for (const [type, message] of sent) expect(withoutRequest(message)).toEqual(pageTypes[type]);
  });
});

/** The messages of a page in Python's fixtures, by their types. */
const pageTypes: Partial<Record<PageMessage["type"], object>> = Object.fromEntries(
  Object.values(pageMessages).map((message) => [message.type, withoutRequest(message)]),
);

function withoutRequest(message: object): object {
  return { ...message, ...("request" in message ? { request: 0 } : {}) };
}
