import { describe, expect, it } from "vitest";
import { openSession } from "../../src/transport/shared-sessions";
import { FakeChannel } from "../fake-channel";

describe("the sessions of a page", () => {
  it("are shared by the views of a run, and closed with the last one", () => {
    const channel = new FakeChannel("shared");
    const before = channel.listenerCount;
    const first = openSession(channel);
    const second = openSession(channel);
    expect(second.session).toBe(first.session);
    first.release();
    first.release();
    expect(channel.listenerCount).toBeGreaterThan(before);
    second.release();
    expect(channel.listenerCount).toBe(before);
    const third = openSession(channel);
    expect(third.session).not.toBe(first.session);
    third.release();
  });

  it("are new if the page has a new channel for the run", () => {
    const [old, fresh] = [new FakeChannel("again"), new FakeChannel("again")];
    const first = openSession(old);
    const second = openSession(fresh);
    expect(second.session).not.toBe(first.session);
    first.release();
    expect(openSession(fresh).session).toBe(second.session);
  });
});
