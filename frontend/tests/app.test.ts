// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { render } from "../src/app";
import { FakeChannel, recorded, snapshot } from "./fake-channel";
import { viewStates } from "./fixtures/messages";
import { stubObservers } from "./observers";

const model = { send: () => undefined, on: () => undefined, off: () => undefined };
const openChannels = () => Promise.resolve([]);

beforeEach(() => {
  stubObservers();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => vi.useRealTimers());

describe("a view on a page", () => {
  it.each(Object.values(viewStates))(
    "$view has its handle, and removes its listeners and elements when it is closed",
    ({ view }) => {
      const channel = new FakeChannel(view);
      const messages = recorded(channel);
      const ownMessages = ["stepper", "runs"].includes(view) ? recorded(model) : null;
      const before = channel.listenerCount;
      const root = document.createElement("div");
      document.body.replaceChildren(root);
      const compared = view === "comparison" ? [{ name: "a", channel, messages }] : [];
      const given = { root, model, openChannels, ownMessages };
      const close = render({ view, channel, messages, ...given, compared });
      channel.receive(snapshot(1, { status: "waiting" }));
      expect(root.querySelector(`[data-labkit-view="${view}"]`)).not.toBeNull();
      expect(channel.listenerCount).toBeGreaterThan(before);
      close();
      expect(root.children).toHaveLength(0);
      vi.runAllTimers();
      expect(channel.listenerCount).toBe(before);
    },
  );

  it("is as it was if it is opened again at once, as when its output is updated", () => {
    const channel = new FakeChannel("again");
    const root = document.createElement("div");
    document.body.replaceChildren(root);
    const messages = recorded(channel);
    const request = { view: "dashboard", channel, messages, root, model, openChannels };
    const close = render({ ...request, ownMessages: null });
    const drawn = root.querySelector("[data-labkit-view=dashboard]");
    close();
    const listeners = channel.listenerCount;
    const closeAgain = render({ ...request, ownMessages: null });
    expect(root.querySelector("[data-labkit-view=dashboard]")).toBe(drawn);
    expect(channel.listenerCount).toBe(listeners);
    closeAgain();
    vi.runAllTimers();
    const later = render({ ...request, ownMessages: null });
    expect(root.querySelector("[data-labkit-view=dashboard]")).not.toBe(drawn);
    later();
  });

  it("shows a sentence before the first step", () => {
    const channel = new FakeChannel("words");
    const root = document.createElement("div");
    const messages = recorded(channel);
    const close = render({
      view: "curves",
      channel,
      messages,
      root,
      model,
      openChannels,
      ownMessages: null,
    });
    expect(root.querySelector(".labkit-empty")?.textContent).toBe("Waiting for the first step");
    close();
  });

  it("shows a sentence if this build has no such view", () => {
    const root = document.createElement("div");
    const channel = new FakeChannel();
    const messages = recorded(channel);
    render({ view: "nothing", channel, messages, root, model, openChannels, ownMessages: null });
    expect(root.textContent).toBe("This build of labkit has no view named “nothing”.");
  });
});
