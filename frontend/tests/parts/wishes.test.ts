import { describe, expect, it, vi } from "vitest";
import { PROTOCOL_VERSION } from "../../src/messages/protocol";
import type { Wish } from "../../src/messages/wishes";
import { Wishes } from "../../src/parts/wishes";
import { FakeWidgetModel } from "../course/fake-widget-model";

interface Rate extends Wish {
  readonly rate: number;
}

function opened(answered = 0, onLate?: () => void) {
  const model = new FakeWidgetModel({ protocol: PROTOCOL_VERSION, answered, said: "" });
  return { model, wishes: new Wishes<Rate>(model as never, onLate) };
}

describe("the wishes of a page", () => {
  it("are numbered, and sent with the page's protocol version", () => {
    const { model, wishes } = opened();
    expect([wishes.haveBegun, wishes.areAnswered]).toEqual([false, true]);
    wishes.send({ rate: 0.1 });
    wishes.send({ rate: 0.2 });
    expect(model.traits).toMatchObject({
      page_protocol: PROTOCOL_VERSION,
      wish: { number: 2, rate: 0.2 },
    });
    expect([model.saved, wishes.haveBegun]).toEqual([2, true]);
  });

  it("are answered when the latest is, and not one before it", () => {
    const { model, wishes } = opened();
    wishes.send({ rate: 0.1 });
    wishes.send({ rate: 0.2 });
    model.set("answered", 1);
    expect(wishes.areAnswered).toBe(false);
    model.set("answered", 2);
    expect(wishes.areAnswered).toBe(true);
  });

  it("go on counting where another page of the same widget has asked", () => {
    const { model, wishes } = opened(3);
    expect([wishes.haveBegun, wishes.areAnswered]).toEqual([false, true]);
    wishes.send({ rate: 0.1 });
    expect(model.get("wish")).toEqual({ number: 4, rate: 0.1 });
    model.set("answered", 5);
    expect(wishes.areAnswered).toBe(true);
  });

  it("are late where an answer takes longer than a moment", () => {
    vi.useFakeTimers();
    const onLate = vi.fn();
    const { model, wishes } = opened(0, onLate);
    wishes.send({ rate: 0.1 });
    model.set("answered", 1);
    vi.advanceTimersByTime(1000);
    expect(onLate).not.toHaveBeenCalled();
    wishes.send({ rate: 0.2 });
    vi.advanceTimersByTime(1000);
    expect(onLate).toHaveBeenCalledTimes(1);
    wishes.send({ rate: 0.3 });
    wishes.close();
    vi.advanceTimersByTime(1000);
    expect(onLate).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});
