import { describe, expect, it } from "vitest";
import { openSession } from "../../src/transport/shared-sessions";
import { FakeChannel, recorded } from "../fake-channel";

describe("the sessions of a page", () => {
  it("are shared by the views of a run, and closed with the last one", () => {
    const channel = new FakeChannel("shared");
    const messages = recorded(channel);
    const before = channel.listenerCount;
    const first = openSession(channel, messages);
    const second = openSession(channel, messages);
    expect(second.session).toBe(first.session);
    first.release();
    first.release();
    expect(channel.listenerCount).toBeGreaterThan(before);
    second.release();
    expect(channel.listenerCount).toBe(before);
    const third = openSession(channel, messages);
    expect(third.session).not.toBe(first.session);
    third.release();
  });

  it("are new if the page has a new channel for the run", () => {
    const [old, fresh] = [new FakeChannel("again"), new FakeChannel("again")];
    const first = openSession(old, recorded(old));
    const second = openSession(fresh, recorded(fresh));
    expect(second.session).not.toBe(first.session);
    first.release();
    expect(openSession(fresh, recorded(fresh)).session).toBe(second.session);
  });
});
