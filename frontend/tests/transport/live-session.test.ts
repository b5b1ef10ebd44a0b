import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RefusedMessage } from "../../src/messages/kernel";
import { PROTOCOL_VERSION } from "../../src/messages/protocol";
import { ACKNOWLEDGE_EVERY_MS, ONE_WAY_AFTER_MS } from "../../src/transport/acknowledgements";
import {
  ANSWER_TIMEOUT_MS,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  ONE_WAY,
} from "../../src/transport/channel";
import { LiveSession } from "../../src/transport/live-session";
import { NO_ANSWER, SUSPENSION_MS } from "../../src/transport/pending-requests";
import { CONTROL_TIMEOUT_MS } from "../../src/transport/run-requests";
import { MAX_SENT, RESEND_AFTER_MS } from "../../src/transport/send-repeatedly";
import { FakeChannel, lossRows, recorded, snapshot, stateOf } from "../fake-channel";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function frame(channel: FakeChannel, seq: number, steps: number[], values: number[]): void {
  const { table, buffers } = lossRows(steps, values);
  channel.receive(
    {
      type: "frame",
      acknowledged: null,
      draws_all: true,
      awaited: false,
      handler: null,
      seq,
      run: stateOf({ step: seq }),
      tables: [table],
    },
    buffers,
  );
}

/** Sends the complete loss table, without buckets, in a frame. */
function complete(channel: FakeChannel, seq: number, steps: number[], values: number[]): void {
  const { table, buffers } = lossRows(steps, values);
  const none = new DataView(new ArrayBuffer(0));
  const whole = {
    ...table,
    names: ["loss"],
    stride: 1,
    buckets: 0,
    first: 2,
    low: 2,
    low_at: 2,
    high: 2,
    high_at: 2,
    tail_limit: 16,
    bucket_limit: 16,
  };
  channel.receive(
    {
      type: "frame",
      acknowledged: null,
      draws_all: true,
      awaited: false,
      handler: null,
      seq,
      run: stateOf({ step: seq }),
      tables: [],
      snapshots: [whole],
    },
    [...buffers, none],
  );
}

/** The numbers of the messages that a session has acknowledged. */
function acknowledgedBy(channel: FakeChannel): unknown[] {
  return channel.sentOfType("received").map((each) => "seq" in each && each.seq);
}

/** The number of the last message that a session has sent. */
function requestOf(channel: FakeChannel): number {
  const message = channel.sent.at(-1);
  if (!message || !("request" in message)) throw new Error("no request was sent");
  return message.request;
}

function refusal(parts: Partial<RefusedMessage>): RefusedMessage {
  return { type: "refused", reason: "so", request: null, question: null, subject: null, ...parts };
}

describe("a request", () => {
  it("is answered, or times out with a reason, and can be sent again", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const inspection = session.inspect("fc.weight");
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    expect(await inspection).toMatchObject({ answered: false, reason: NO_ANSWER });
    session.inspect("fc.weight");
    expect(channel.sentOfType("inspect")).toHaveLength(2);
  });

  it("is refused with the kernel's reason", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    const inspection = session.inspect("fc.weight");
    channel.receive(refusal({ request: requestOf(channel), question: "inspect" }));
    expect(await inspection).toMatchObject({ answered: false, reason: "so" });
    expect(session.problem).toBeNull();
  });

  it("of every kind is resolved after a timeout, a refusal, or the end of the session", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const late = [session.subjects(), session.picture("fc", "maps", null), session.graphOf("a")];
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    expect(await Promise.all(late)).toEqual([null, null, null]);
    vi.advanceTimersByTime(SUSPENSION_MS);
    const refused = session.histograms(["w"], "even", null);
    channel.receive(refusal({ request: requestOf(channel), question: "histograms" }));
    expect(await refused).toBeNull();
    const graph = session.graphOf("b");
    channel.receive(refusal({ question: "graph", subject: "b" }));
    expect(await graph).toBeNull();
    const open = [session.subjects(), session.graphOf("c"), session.inspect("w")];
    session.close();
    expect(await Promise.all(open)).toMatchObject([null, null, { answered: false }]);
  });

  it("that a view sends automatically is suspended after a timeout", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    session.subjects();
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    session.subjects();
    expect(channel.sentOfType("subjects")).toHaveLength(1);
    vi.advanceTimersByTime(SUSPENSION_MS);
    session.subjects();
    expect(channel.sentOfType("subjects")).toHaveLength(2);
  });

  it("of one page is not resolved by the answer to another page's", async () => {
    const [here, there] = [new FakeChannel(), new FakeChannel()];
    const session = new LiveSession(here, recorded(here));
    new LiveSession(there, recorded(there)).inspect("other");
    const inspection = session.inspect("fc.weight");
    const answered = vi.fn();
    inspection.then(answered);
    expect(requestOf(here)).not.toBe(requestOf(there));
    here.receive(refusal({ request: requestOf(there), question: "inspect" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(answered).not.toHaveBeenCalled();
    expect(session.problem).toBeNull();
  });
});

describe("a session", () => {
  it("requests a snapshot and applies the frames after it", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const changes: string[] = [];
    session.subscribe((change) => changes.push(change));
    expect(channel.sentOfType("hello")).toEqual([
      { type: "hello", protocol: PROTOCOL_VERSION, again: false },
    ]);
    channel.receive(snapshot(7));
    frame(channel, 8, [0, 1], [3, Number.NaN]);
    frame(channel, 9, [2], [1]);
    expect(changes).toEqual(["snapshot", "frame", "frame"]);
    const points = session.tables[0]?.points(0);
    expect([...(points?.steps ?? [])]).toEqual([0, 1, 2]);
    expect([...(points?.values ?? [])]).toEqual([3, Number.NaN, 1]);
    expect(session.state?.step).toBe(9);
  });

  it("acknowledges the newest snapshot or frame about once a second, ignored ones included", () => {
    const channel = new FakeChannel();
    new LiveSession(channel, recorded(channel));
    frame(channel, 1, [0], [1]);
    channel.receive(snapshot(2));
    frame(channel, 3, [1], [1]);
    vi.advanceTimersByTime(ACKNOWLEDGE_EVERY_MS);
    frame(channel, 4, [2], [1]);
    expect(acknowledgedBy(channel)).toEqual([1, 4]);
  });

  it("acknowledges each message at once while tables are missing", () => {
    const channel = new FakeChannel();
    new LiveSession(channel, recorded(channel));
    channel.receive({ ...snapshot(1), pending: ["loss"] });
    frame(channel, 2, [0], [1]);
    expect(acknowledgedBy(channel)).toEqual([1, 2]);
  });

  it("requests a snapshot after a gap and applies frames again after it", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    frame(channel, 3, [5], [1]);
    frame(channel, 4, [6], [1]);
    expect(channel.sentOfType("hello")).toHaveLength(2);
    expect(session.tables).toHaveLength(0);
    channel.receive(snapshot(5));
    frame(channel, 6, [7], [1]);
    expect(session.tables[0]?.lastStep).toBe(7);
  });

  it("requests a snapshot after a frame that cannot be decoded", () => {
    const channel = new FakeChannel();
    new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    const { table } = lossRows([0], [1]);
    channel.receive(
      {
        type: "frame",
        acknowledged: null,
        draws_all: true,
        awaited: false,
        handler: null,
        seq: 2,
        run: stateOf(),
        tables: [table],
      },
      [],
    );
    expect(channel.sentOfType("hello")).toHaveLength(2);
  });

  it("repeats the request for a snapshot until one arrives", () => {
    const channel = new FakeChannel();
    new LiveSession(channel, recorded(channel));
    vi.advanceTimersByTime(RESEND_AFTER_MS[0]);
    expect(channel.sentOfType("hello")).toHaveLength(2);
    channel.receive(snapshot(1));
    vi.advanceTimersByTime(100_000);
    expect(channel.sentOfType("hello")).toHaveLength(2);
  });

  it("limits the requests to a kernel that does not answer", () => {
    const channel = new FakeChannel();
    new LiveSession(channel, recorded(channel));
    vi.advanceTimersByTime(1_000_000);
    expect(channel.sentOfType("hello")).toHaveLength(MAX_SENT);
  });

  it("reports a kernel that does not answer, until it does", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    expect(session.problem).toBe(KERNEL_BUSY);
    channel.receive(snapshot(1));
    expect(session.problem).toBeNull();
  });

  it("reports a disconnected kernel, and requests a snapshot when it is back", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    channel.disconnect();
    expect(session.problem).toBe(KERNEL_DISCONNECTED);
    channel.reconnect();
    channel.receive(snapshot(1));
    expect(channel.sentOfType("hello")).toHaveLength(2);
    expect(session.problem).toBeNull();
  });

  it("reports another protocol version of the kernel", () => {
    const channel = new FakeChannel("run", PROTOCOL_VERSION + 1);
    const session = new LiveSession(channel, recorded(channel));
    expect(session.problem).toContain(
      `version ${PROTOCOL_VERSION} of labkit's protocol and the kernel version ${PROTOCOL_VERSION + 1}`,
    );
    expect(channel.sent).toEqual([]);
  });

  it("requests no script from a kernel with another protocol version", async () => {
    const channel = new FakeChannel("run", PROTOCOL_VERSION + 1);
    const session = new LiveSession(channel, recorded(channel));
    await expect(session.asset("plotly.js")).rejects.toThrow("Restart the kernel");
    expect(channel.sent).toEqual([]);
  });

  it("ignores messages of another protocol version, which are for other pages", () => {
    const channel = new FakeChannel("run", PROTOCOL_VERSION + 1);
    const session = new LiveSession(channel, recorded(channel));
    const problem = session.problem;
    const changes: string[] = [];
    session.subscribe((change) => changes.push(change));
    channel.receive(snapshot(1));
    frame(channel, 2, [0, 1], [3, 4]);
    channel.receive(refusal({ reason: "another page's hello" }));
    channel.disconnect();
    channel.reconnect();
    expect(session.problem).toBe(problem);
    expect(session.state).toBeNull();
    expect(changes).toEqual([]);
    expect(channel.sent).toEqual([]);
    session.close();
  });

  it("shows the refusal of a snapshot, but not that of a page with another version", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(refusal({ question: "hello", subject: String(PROTOCOL_VERSION - 1) }));
    expect(session.problem).toBeNull();
    channel.receive(refusal({ question: "hello", subject: String(PROTOCOL_VERSION) }));
    expect(session.problem).toBe("so");
  });

  it("shows the tables of a snapshot that follow in frames when they arrive", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive({ ...snapshot(1), pending: ["loss"] });
    expect(session.isLoading).toBe(true);
    complete(channel, 2, [0, 1], [3, 4]);
    expect(session.isLoading).toBe(false);
    expect(session.tables[0]?.lastStep).toBe(1);
  });

  it("shows the previous tables until those of a new snapshot arrive", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    frame(channel, 2, [0, 1], [3, 4]);
    channel.receive({ ...snapshot(3), pending: ["loss"] });
    expect(session.tables[0]?.lastStep).toBe(1);
    complete(channel, 4, [0, 1, 2], [3, 4, 5]);
    expect([...(session.tables[0]?.points(0).values ?? [])]).toEqual([3, 4, 5]);
    channel.receive(snapshot(5));
    expect(session.tables).toHaveLength(0);
  });

  it("notifies its views of the cursor", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
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
    const session = new LiveSession(channel, recorded(channel));
    const answer = session.control("pause");
    const request = requestOf(channel);
    channel.receive({ type: "acknowledged", request });
    expect(await answer).toBe(true);
    expect(channel.sentOfType("control")).toEqual([{ type: "control", action: "pause", request }]);
  });

  it("is false after a timeout", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const answer = session.control("stop");
    vi.advanceTimersByTime(CONTROL_TIMEOUT_MS);
    expect(await answer).toBe(false);
  });

  it("that is refused reports why", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const answer = session.control("pause");
    channel.receive(refusal({ request: requestOf(channel), question: "control" }));
    expect(await answer).toBe(true);
    expect(session.problem).toBe("so");
  });

  it("is false when the session closes first", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    const answer = session.control("stop");
    session.close();
    expect(await answer).toBe(false);
  });
});

/** Passes time in which frames arrive every half second. */
function framesFor(channel: FakeChannel, ms: number, acknowledged: number | null): void {
  for (let passed = 0; passed < ms; passed += 500) {
    vi.advanceTimersByTime(500);
    const seq = Math.round(performance.now());
    channel.receive({
      type: "frame",
      acknowledged,
      draws_all: true,
      awaited: false,
      handler: null,
      seq,
      run: stateOf(),
      tables: [],
    });
  }
}

describe("a session whose messages do not reach the kernel", () => {
  it("answers at once that they do not, while the run is open", async () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    expect(session.isOneWay).toBe(false);
    framesFor(channel, ONE_WAY_AFTER_MS + 1000, null);
    expect(session.isOneWay).toBe(true);
    expect(await session.inspect("w")).toMatchObject({ answered: false, reason: ONE_WAY });
    channel.receive(snapshot(9, { status: "finished" }));
    expect(session.isOneWay).toBe(false);
  });

  it("is two-way again when an acknowledgement is read", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    framesFor(channel, ONE_WAY_AFTER_MS + 1000, null);
    framesFor(channel, 500, Number.MAX_SAFE_INTEGER);
    expect(session.isOneWay).toBe(false);
  });

  it("claims nothing of clicks once its kernel is gone", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    channel.receive(snapshot(1));
    framesFor(channel, ONE_WAY_AFTER_MS + 1000, null);
    expect(session.delivery).not.toBeNull();
    channel.disconnect();
    expect([session.isOneWay, session.delivery]).toEqual([false, null]);
  });

  it("is two-way while acknowledgements are read in time", () => {
    const channel = new FakeChannel();
    const session = new LiveSession(channel, recorded(channel));
    for (let seq = 1; seq < 20; seq += 1) {
      channel.receive({ ...snapshot(seq), acknowledged: seq - 1 });
      vi.advanceTimersByTime(1000);
    }
    expect(session.isOneWay).toBe(false);
  });
});

describe("the delivery between a page and the kernel", () => {
  function opened() {
    const channel = new FakeChannel();
    const messages = recorded(channel);
    return { channel, session: new LiveSession(channel, messages) };
  }

  it("are unknown until a message of a page was handled while the loop ran", () => {
    const { channel, session } = opened();
    expect(session.delivery).toBe(null);
    channel.receive(snapshot(1));
    expect(session.delivery).toBe(null);
    channel.receive({ ...snapshot(2), acknowledged: 1, handler: "subshell" });
    expect(session.delivery).toEqual({ clicks: "subshell", isText: false });
  });

  it("say that clicks wait for the cell while acknowledgements are not read", () => {
    const { channel, session } = opened();
    channel.receive({ ...snapshot(1), handler: "background" });
    framesFor(channel, ONE_WAY_AFTER_MS + 1000, null);
    expect(session.delivery?.clicks).toBe("cell end");
  });

  it("end with the run", () => {
    const { channel, session } = opened();
    channel.receive({ ...snapshot(1, { status: "finished" }), handler: "subshell" });
    expect(session.delivery).toBe(null);
  });

  it("include that buffers are sent as text", () => {
    const { channel, session } = opened();
    const asText = { ...snapshot(1), handler: "step end", text_buffers: [] } as const;
    channel.receive(asText);
    expect(session.delivery).toEqual({ clicks: "step end", isText: true });
  });
});
