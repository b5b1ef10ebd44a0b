// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/loader";
import type { ViewState } from "../src/messages/widgets";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
  LOADING,
  LOADING_AFTER_MS,
} from "../src/transport/channel";
import { NOTHING_RECEIVED_AFTER_MS } from "../src/transport/send-repeatedly";
import { FakeChannel } from "./fake-channel";
import { viewStates } from "./fixtures/messages";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("LABKIT_BUILD", `test-${Math.random()}`);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open(find: () => Promise<Channel>) {
  const el = document.createElement("div");
  const quiet = { send: () => undefined, on: () => undefined, off: () => undefined };
  const state: ViewState = viewStates.curves;
  const get = <T extends keyof ViewState>(trait: T): ViewState[T] => state[trait];
  const model = { ...quiet, get, widget_manager: { get_model: find } };
  const close = loader.render({ model, el });
  await vi.advanceTimersByTimeAsync(0);
  return { el, close };
}

describe("the loader", () => {
  it("requests the frontend once per page", async () => {
    const channel = new FakeChannel();
    const first = await open(async () => channel);
    const second = await open(async () => channel);
    expect(channel.sent).toEqual([{ type: "asset", name: "labkit.js", again: false }]);
    first.close();
    second.close();
    expect(channel.listenerCount).toBe(1); // The page records the messages for later views.
  });

  it("reports a kernel that does not reply", async () => {
    const { el } = await open(async () => new FakeChannel());
    expect(el.textContent).toBe("");
    await vi.advanceTimersByTimeAsync(LOADING_AFTER_MS);
    expect(el.textContent).toBe(LOADING);
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS - LOADING_AFTER_MS);
    expect(el.textContent).toBe(KERNEL_BUSY);
  });

  it("waits while the script arrives in parts over a slow line", async () => {
    const channel = new FakeChannel();
    const { el } = await open(async () => channel);
    const part = new DataView(new ArrayBuffer(1));
    for (let index = 0; index < 9; index += 1) {
      await vi.advanceTimersByTimeAsync(NOTHING_RECEIVED_AFTER_MS - 1);
      channel.receive({ type: "fragment", message: 1, index, count: 10 }, [part]);
    }
    expect(el.textContent).toBe(LOADING);
    expect(channel.sent.map((message) => "again" in message && message.again)).not.toContain(true);
    await vi.advanceTimersByTimeAsync(NOTHING_RECEIVED_AFTER_MS);
    expect(channel.sent.at(-1)).toEqual({ type: "asset", name: "labkit.js", again: true });
  });

  it("requests the script from a second kernel if the first does not reply", async () => {
    const [busy, free] = [new FakeChannel("busy"), new FakeChannel("free")];
    await open(async () => busy);
    await open(async () => free);
    expect(free.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS);
    expect(free.sent).toEqual([{ type: "asset", name: "labkit.js", again: false }]);
  });

  it("reports a missing kernel", async () => {
    const missing = await open(async () => {
      throw new Error("no such model");
    });
    expect(missing.el.textContent).toBe(KERNEL_DISCONNECTED);
    const dead = new FakeChannel();
    dead.comm_live = false;
    const { el } = await open(async () => dead);
    expect(el.textContent).toBe(KERNEL_DISCONNECTED);
    expect(dead.sent).toEqual([]);
  });
});
