import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GONE, PATIENCE, WAITING } from "../../src/transport/channel";
import { CONTROL_PATIENCE, LiveSession } from "../../src/transport/live-session";
import { AGAIN_AFTER } from "../../src/transport/repeat";
import { FakeChannel, lossRows, snapshot, stateOf } from "../fake-channel";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function frame(channel: FakeChannel, seq: number, steps: number[], values: number[]): void {
  const { block, buffers } = lossRows(steps, values);
  channel.hear({ type: "frame", seq, run: stateOf({ step: seq }), blocks: [block] }, buffers);
}

describe("a session", () => {
  it("greets the kernel and grows with its frames", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    const changes: string[] = [];
    session.subscribe((change) => changes.push(change));
    expect(channel.said("hello")).toEqual([{ type: "hello", protocol: 1 }]);
    channel.hear(snapshot(7));
    frame(channel, 8, [0, 1], [3, Number.NaN]);
    frame(channel, 9, [2], [1]);
    expect(changes).toEqual(["snapshot", "frame", "frame"]);
    const points = session.blocks[0]?.points(0);
    expect([...(points?.steps ?? [])]).toEqual([0, 1, 2]);
    expect([...(points?.values ?? [])]).toEqual([3, Number.NaN, 1]);
    expect(session.state?.step).toBe(9);
  });

  it("answers every frame, even one that it passes over", () => {
    const channel = new FakeChannel();
    new LiveSession(channel);
    frame(channel, 1, [0], [1]);
    channel.hear(snapshot(2));
    frame(channel, 3, [1], [1]);
    expect(channel.said("received")).toEqual([
      { type: "received", seq: 1 },
      { type: "received", seq: 3 },
    ]);
  });

  it("asks for a snapshot after a gap and takes frames again after it", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    channel.hear(snapshot(1));
    frame(channel, 3, [5], [1]);
    frame(channel, 4, [6], [1]);
    expect(channel.said("hello")).toHaveLength(2);
    expect(session.blocks).toHaveLength(0);
    channel.hear(snapshot(5));
    frame(channel, 6, [7], [1]);
    expect(session.blocks[0]?.lastStep).toBe(7);
  });

  it("asks for a snapshot when a frame cannot be read", () => {
    const channel = new FakeChannel();
    new LiveSession(channel);
    channel.hear(snapshot(1));
    const { block } = lossRows([0], [1]);
    channel.hear({ type: "frame", seq: 2, run: stateOf(), blocks: [block] }, []);
    expect(channel.said("hello")).toHaveLength(2);
  });

  it("greets a few times, since the first greeting may wait behind the cell", () => {
    const channel = new FakeChannel();
    new LiveSession(channel);
    vi.advanceTimersByTime(AGAIN_AFTER[0]);
    expect(channel.said("hello")).toHaveLength(2);
    channel.hear(snapshot(1));
    vi.advanceTimersByTime(100_000);
    expect(channel.said("hello")).toHaveLength(2);
  });

  it("does not pile up greetings in a kernel that does not answer", () => {
    const channel = new FakeChannel();
    new LiveSession(channel);
    vi.advanceTimersByTime(1_000_000);
    expect(channel.said("hello")).toHaveLength(1 + AGAIN_AFTER.length);
  });

  it("says that it waits when no kernel answers, and goes on waiting", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    vi.advanceTimersByTime(PATIENCE);
    expect(session.problem).toBe(WAITING);
    channel.hear(snapshot(1));
    expect(session.problem).toBeNull();
  });

  it("says that the kernel is gone, and greets it when it is back", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    channel.hear(snapshot(1));
    channel.disconnect();
    expect(session.problem).toBe(GONE);
    channel.reconnect();
    channel.hear(snapshot(1));
    expect(channel.said("hello")).toHaveLength(2);
    expect(session.problem).toBeNull();
  });

  it("refuses a protocol it does not know in plain sight", () => {
    const channel = new FakeChannel("run", 2);
    const session = new LiveSession(channel);
    expect(session.problem).toContain("version 1 of labkit's protocol and the kernel version 2");
    expect(channel.sent).toEqual([]);
  });

  it("tells its views of the cursor", () => {
    const session = new LiveSession(new FakeChannel());
    const changes: string[] = [];
    session.subscribe((change) => changes.push(change));
    session.setCursor(4);
    session.setCursor(4);
    session.setCursor(null);
    expect(changes).toEqual(["cursor", "cursor"]);
  });
});

describe("a control", () => {
  it("is true when the kernel acknowledges it", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel);
    const answer = session.control("pause");
    channel.hear({ type: "acknowledged", request: 1 });
    expect(await answer).toBe(true);
    expect(channel.said("control")).toEqual([{ type: "control", action: "pause", request: 1 }]);
  });

  it("is false when nobody answers", async () => {
    const session = new LiveSession(new FakeChannel());
    const answer = session.control("stop");
    vi.advanceTimersByTime(CONTROL_PATIENCE);
    expect(await answer).toBe(false);
  });

  it("is false when the session closes first", async () => {
    const session = new LiveSession(new FakeChannel());
    const answer = session.control("stop");
    session.close();
    expect(await answer).toBe(false);
  });
});
