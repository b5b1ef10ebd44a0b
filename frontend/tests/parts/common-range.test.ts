import { describe, expect, it, vi } from "vitest";
import { commonRange, rangeOf } from "../../src/parts/common-range";
import type { RunSession } from "../../src/session";
import { StubSession } from "../fake-session";

function besideEachOther(): readonly [RunSession, RunSession] {
  const sessions = [new StubSession(), new StubSession()] as const;
  const beside = { sessions, redraw: () => undefined };
  for (const session of sessions) session.beside = beside;
  return sessions;
}

describe("a common range", () => {
  it("is that of the run itself if it is alone", () => {
    expect(commonRange(new StubSession(), "maps", [1, 2], () => undefined)).toEqual([1, 2]);
  });

  it("contains those of the runs beside it, which are drawn anew", () => {
    const [one, other] = besideEachOther();
    const redraw = vi.fn();
    expect(commonRange(one, "maps", [0, 2], redraw)).toEqual([0, 2]);
    expect(commonRange(other, "maps", [-1, 1], () => undefined)).toEqual([-1, 2]);
    expect(redraw).toHaveBeenCalledTimes(1);
    commonRange(other, "maps", [-1, 1], () => undefined);
    expect(redraw).toHaveBeenCalledTimes(1);
    expect(commonRange(one, "kernels", [5, 6], redraw)).toEqual([5, 6]);
  });

  it("is of finite values only", () => {
    expect(rangeOf([3, Number.NaN, -1, Number.POSITIVE_INFINITY])).toEqual([-1, 3]);
    expect(rangeOf([])).toEqual([0, 1]);
  });
});
