import { gzipSync } from "node:zlib";
import { beforeEach, expect, it, vi } from "vitest";
import type { RunSession } from "../../src/session";
import { LiveSession } from "../../src/transport/live-session";
import { EXPORT_TIMEOUT_MS } from "../../src/transport/page-exports";
import { FakeChannel, recorded, snapshot } from "../fake-channel";

let channel: FakeChannel;
let session: RunSession;
const progress = vi.fn();

beforeEach(() => {
  progress.mockClear();
  channel = new FakeChannel();
  const live = new LiveSession(channel, recorded(channel));
  channel.receive(snapshot(1));
  session = live;
  return () => live.close();
});

function requestNumber(): number {
  return (channel.sentOfType("export")[0] as { request: number }).request;
}

it("is put together from its parts, whose arrival is reported", async () => {
  const reply = session.exportPage(progress);
  const request = requestNumber();
  const packed = gzipSync("<!DOCTYPE html>");
  channel.receive({ type: "acknowledged", request });
  const parts = [packed.subarray(0, 5), packed.subarray(5)];
  parts.forEach((part, index) => {
    const bytes = Uint8Array.from(part);
    channel.receive({ type: "page", request, index, count: 2 }, [new DataView(bytes.buffer)]);
  });
  const { page } = await reply;
  expect(await page?.text()).toBe("<!DOCTYPE html>");
  expect(page?.type).toContain("text/html");
  expect(progress.mock.calls).toEqual([[0], [0.5], [1]]);
});

it("is awaited though the kernel does not answer at once, which is reported", async () => {
  vi.useFakeTimers();
  const reply = session.exportPage(progress);
  vi.advanceTimersByTime(EXPORT_TIMEOUT_MS);
  expect(progress.mock.calls).toEqual([["unanswered"]]);
  vi.useRealTimers();
  const bytes = Uint8Array.from(gzipSync("late"));
  const request = requestNumber();
  channel.receive({ type: "page", request, index: 0, count: 1 }, [new DataView(bytes.buffer)]);
  expect(await (await reply).page?.text()).toBe("late");
});

it("is refused with the reason", async () => {
  const reply = session.exportPage(progress);
  const request = requestNumber();
  const refusal = { type: "refused", reason: "No.", question: "export", subject: null } as const;
  channel.receive({ ...refusal, request });
  expect(await reply).toEqual({ page: null, reason: "No." });
  expect(session.problem).toBe(null);
});
