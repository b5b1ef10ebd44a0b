/// <reference types="node" />
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { KernelMessage, PageMessage } from "../../src/protocol";
import type { Points } from "../../src/session";
import { LiveSession } from "../../src/transport/live-session";
import { FakeChannel } from "../fake-channel";
import { kernelMessages, pageMessages } from "../fixtures/messages";

interface Fixture {
  readonly message: KernelMessage;
  readonly buffers: readonly string[];
  readonly expected: Readonly<Record<string, unknown>>;
}

/** A message as Python made it. */
function fixture(name: string): Fixture {
  const path = new URL(`../../../tests/fixtures/protocol/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Buffers at odd places in a larger one, as a socket may deliver them. */
function viewsOf({ buffers }: Fixture): DataView[] {
  return buffers.map((text) => {
    const bytes = Buffer.from(text, "base64");
    const whole = new Uint8Array(bytes.length + 1);
    whole.set(bytes, 1);
    return new DataView(whole.buffer, 1);
  });
}

function stepsWhere({ steps, values }: Points, wanted: (value: number) => boolean): number[] {
  return [...steps].filter((_, index) => wanted(values[index] as number));
}

describe("what Python sends", () => {
  it("is read whole: a snapshot with its spike and its NaN, then a frame", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
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

    const next = fixture("frame");
    channel.receive(next.message, viewsOf(next));
    expect(session.problem).toBeNull();
    const [loss, gradients] = session.tables;
    expect(loss?.lastStep).toBe(next.expected.last);
    expect([...(loss?.latest() ?? [])]).toEqual([Number.POSITIVE_INFINITY]);
    expect([...(gradients?.latest() ?? [])]).toEqual([0.25, Number.NaN]);
  });

  it("is read: what was asked of a parameter", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    const sent = fixture("inspection");
    const asked = session.inspect("fc.weight");
    const { request } = channel.sent.at(-1) as { request: number };
    expect(channel.sent.at(-1)).toEqual({ type: "inspect", name: "fc.weight", request });
    channel.receive({ ...sent.message, request } as KernelMessage, viewsOf(sent));
    const { value, gradient, norms, reason } = await asked;
    expect(gradient).toBeNull();
    expect({ norms, reason }).toEqual({ norms: sent.expected.norms, reason: "so" });
    expect(value).toMatchObject({ shape: [2, 2], minimum: -1, mean: Number.NaN, notFinite: 1 });
    expect([...(value?.counts ?? [])]).toEqual(sent.expected.counts);
    expect([...(value?.edges ?? [])]).toEqual([-1, 0, 1, 2]);
  });
});

describe("every message", () => {
  const kernelNames = Object.keys(kernelMessages).filter((name) => name !== "refused");

  it.each(kernelNames)("of the kernel is read without a problem: %s", (name) => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    const first = fixture("snapshot");
    channel.receive(first.message, viewsOf(first));
    const sent = fixture(name);
    channel.receive(sent.message, viewsOf(sent));
    expect(session.problem).toBeNull();
  });

  it("of the kernel changes what it names: graph and findings", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    for (const name of ["snapshot", "frame"]) {
      const sent = fixture(name);
      channel.receive(sent.message, viewsOf(sent));
      expect(session.findings.map(({ rule }) => rule)).toEqual(["dead-units"]);
    }
    const sent = fixture("changes");
    channel.receive(sent.message, viewsOf(sent));
    expect(session.findings).toEqual([]);
    expect(session.course).toBe("~/labkit");
  });

  it("of the page is what Python takes", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    const first = fixture("snapshot");
    const next = fixture("frame");
    channel.receive(first.message, viewsOf(first));
    channel.receive(next.message, viewsOf(next));
    void session.graphOf("abc");
    void session.inspect("fc.weight");
    void session.subjects();
    void session.histograms(["fc.weight"], "even", 5);
    void session.picture("fc", "units", null);
    void session.control("pause");
    void session.asset("layout.js").catch(() => undefined);
    const sent = new Map(channel.sent.map((message) => [message.type, message]));
    expect([...sent.keys()].sort()).toEqual(Object.keys(pageTypes).sort());
    for (const [type, message] of sent) expect(withoutRequest(message)).toEqual(pageTypes[type]);
  });
});

/** The messages of a page as Python has them, by their types. */
const pageTypes: Partial<Record<PageMessage["type"], object>> = Object.fromEntries(
  Object.values(pageMessages).map((message) => [message.type, withoutRequest(message)]),
);

function withoutRequest(message: object): object {
  return { ...message, ...("request" in message ? { request: 0 } : {}) };
}
