import { beforeEach, describe, expect, it } from "vitest";
import type { KernelMessage } from "../../src/messages/kernel";
import { LiveSession } from "../../src/transport/live-session";
import { MAX_KEPT, MessageRecorder } from "../../src/transport/message-recorder";
import { PageScripts } from "../../src/transport/page-scripts";
import { FakeChannel, lossRows, recorded, snapshot, stateOf } from "../fake-channel";

let channel: FakeChannel;
let messages: MessageRecorder;

beforeEach(() => {
  channel = new FakeChannel();
  messages = recorded(channel);
});

function frame(seq: number): KernelMessage {
  return {
    type: "frame",
    acknowledged: null,
    draws_all: true,
    awaited: false,
    handler: null,
    seq,
    run: stateOf({ step: seq }),
    tables: [],
  };
}

describe("what the kernel sends before a view reads it", () => {
  it("is read by the session, which requests nothing", () => {
    channel.receive(frame(1));
    channel.receive(snapshot(2));
    channel.receive(frame(3));
    const session = new LiveSession(channel, messages);
    expect(session.state?.step).toBe(3);
    expect(channel.sentOfType("hello")).toEqual([]);
    channel.receive(frame(4));
    expect(session.state?.step).toBe(4);
  });

  it("is replaced by a newer snapshot", () => {
    for (let seq = 1; seq < 4 * MAX_KEPT; seq += 1) channel.receive(frame(seq));
    channel.receive(snapshot(400));
    expect(new LiveSession(channel, messages).state).toEqual(stateOf());
  });

  it("is dropped if there is too much of it, so that the session requests a snapshot", () => {
    channel.receive(snapshot(1));
    for (let seq = 2; seq < 4 * MAX_KEPT; seq += 1) channel.receive(frame(seq));
    const session = new LiveSession(channel, messages);
    expect(session.state).toBeNull();
    expect(channel.sentOfType("hello")).toHaveLength(1);
  });

  it("is kept again when the last session has closed, but a snapshot is needed first", () => {
    channel.receive(snapshot(1));
    new LiveSession(channel, messages).close();
    channel.receive(frame(2));
    const next = new LiveSession(channel, messages);
    expect(next.state).toBeNull();
    expect(channel.sentOfType("hello")).toMatchObject([{ again: true }]);
    next.close();
    channel.receive(snapshot(3));
    expect(new LiveSession(channel, messages).state).not.toBeNull();
  });
});

describe("a script", () => {
  it("that arrives without a request is there for a later one, of any channel", async () => {
    const scripts = new PageScripts();
    new MessageRecorder(channel, scripts);
    const bytes = await new Response(
      new Blob(["export {}"]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer();
    channel.receive({ type: "asset", name: "plotly.js" }, [new DataView(bytes)]);
    const other = new FakeChannel("other");
    expect(await scripts.request("plotly.js", other)).toMatch(/^blob:/);
    expect(other.sent).toEqual([]);
  });

  it("that is refused can be requested again", async () => {
    const scripts = new PageScripts();
    new MessageRecorder(channel, scripts);
    const request = scripts.request("plotly.js", channel);
    const refusal = { type: "refused", reason: "No.", request: null } as const;
    channel.receive({ ...refusal, question: "asset", subject: "plotly.js" });
    await expect(request).rejects.toThrow("No.");
    void scripts.request("plotly.js", channel);
    expect(channel.sentOfType("asset")).toHaveLength(2);
  });
});

describe("a front end that loses buffers", () => {
  it("is sent them as text after a request, once", () => {
    const session = new LiveSession(channel, messages);
    channel.receive({ type: "fragment", message: 1, index: 0, count: 2 });
    channel.receive({ type: "asset", name: "plotly.js" });
    expect(channel.sentOfType("text")).toHaveLength(1);
    const { table } = lossRows([1, 2], [3, 4]);
    channel.receive(snapshot(1));
    const text_buffers = lossRows([1, 2], [3, 4]).buffers.map(base64);
    channel.receive(Object.assign(frame(2), { tables: [table], text_buffers }));
    expect([...(session.tables[0]?.points(0).values ?? [])]).toEqual([3, 4]);
  });
});

function base64({ buffer, byteOffset, byteLength }: DataView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
