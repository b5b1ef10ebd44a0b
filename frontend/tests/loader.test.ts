// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/loader";
import type { ViewState } from "../src/messages/widgets";
import {
  ANSWER_TIMEOUT_MS,
  type Channel,
  KERNEL_BUSY,
  KERNEL_DISCONNECTED,
} from "../src/transport/channel";
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
  const get = <T extends keyof ViewState>(trait: T): ViewState[T] => viewStates.curves[trait];
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
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS);
    expect(el.textContent).toBe(KERNEL_BUSY);
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
