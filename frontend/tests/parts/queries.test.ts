import { describe, expect, it, vi } from "vitest";
import { PROTOCOL_VERSION } from "../../src/messages/protocol";
import type { Query } from "../../src/messages/queries";
import { Queries } from "../../src/parts/queries";
import { FakeWidgetModel } from "../course/fake-widget-model";

interface Rate extends Query {
  readonly rate: number;
}

function opened(answered = 0, onLate?: () => void) {
  const model = new FakeWidgetModel({ protocol: PROTOCOL_VERSION, answered, said: "" });
  return { model, queries: new Queries<Rate>(model as never, onLate) };
}

describe("the queries of a page", () => {
  it("are numbered, and sent with the page's protocol version", () => {
    const { model, queries } = opened();
    expect([queries.haveBegun, queries.areAnswered]).toEqual([false, true]);
    queries.send({ rate: 0.1 });
    queries.send({ rate: 0.2 });
    expect(model.traits).toMatchObject({
      page_protocol: PROTOCOL_VERSION,
      query: { number: 2, rate: 0.2 },
    });
    expect([model.saved, queries.haveBegun]).toEqual([2, true]);
  });

  it("are answered when the latest is, and not one before it", () => {
    const { model, queries } = opened();
    queries.send({ rate: 0.1 });
    queries.send({ rate: 0.2 });
    model.set("answered", 1);
    expect(queries.areAnswered).toBe(false);
    model.set("answered", 2);
    expect(queries.areAnswered).toBe(true);
  });

  it("go on counting where another page of the same widget has asked", () => {
    const { model, queries } = opened(3);
    expect([queries.haveBegun, queries.areAnswered]).toEqual([false, true]);
    queries.send({ rate: 0.1 });
    expect(model.get("query")).toEqual({ number: 4, rate: 0.1 });
    model.set("answered", 5);
    expect(queries.areAnswered).toBe(true);
  });

  it("are late where an answer takes longer than a moment", () => {
    vi.useFakeTimers();
    const onLate = vi.fn();
    const { model, queries } = opened(0, onLate);
    queries.send({ rate: 0.1 });
    model.set("answered", 1);
    vi.advanceTimersByTime(1000);
    expect(onLate).not.toHaveBeenCalled();
    queries.send({ rate: 0.2 });
    vi.advanceTimersByTime(1000);
    expect(onLate).toHaveBeenCalledTimes(1);
    queries.send({ rate: 0.3 });
    queries.close();
    vi.advanceTimersByTime(1000);
    expect(onLate).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});
