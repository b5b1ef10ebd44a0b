// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { drawsEachStep, RedrawScheduler } from "../../src/parts/redraw-scheduler";
import { stateOf } from "../fake-channel";

let see: (visible: boolean) => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: (entries: { isIntersecting: boolean }[]) => void) {
        see = (isIntersecting) => callback([{ isIntersecting }]);
      }
      observe(): void {}
      disconnect(): void {}
    },
  );
});
afterEach(() => {
  vi.advanceTimersByTime(100); // The animation frames that were requested.
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function make() {
  const element = document.createElement("div");
  document.body.replaceChildren(element);
  const draw = vi.fn();
  return { element, draw, redraw: new RedrawScheduler(element, draw) };
}

describe("drawing", () => {
  it("combines many changes into one drawing, and misses none", () => {
    const { draw, redraw } = make();
    for (let change = 0; change < 20; change++) redraw.later();
    vi.advanceTimersByTime(50);
    expect(draw).toHaveBeenCalledTimes(1);
    redraw.later();
    vi.advanceTimersByTime(50);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("pauses for ten times as long as a drawing takes", () => {
    const { draw, redraw } = make();
    let now = 1000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    draw.mockImplementation(() => {
      now += 60;
    });
    redraw.later();
    vi.advanceTimersByTime(50);
    redraw.later();
    vi.advanceTimersByTime(550);
    expect(draw).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("draws a change that is not due with the next one that is, or after a while", () => {
    const { draw, redraw } = make();
    redraw.later(false);
    vi.advanceTimersByTime(500);
    expect(draw).not.toHaveBeenCalled();
    redraw.later();
    vi.advanceTimersByTime(50);
    expect(draw).toHaveBeenCalledTimes(1);
    redraw.later(false);
    vi.advanceTimersByTime(2000);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("draws several views in one animation frame", () => {
    const [first, second] = [make(), make()];
    document.body.replaceChildren(first.element, second.element);
    const frames = vi.spyOn(globalThis, "requestAnimationFrame");
    first.redraw.later();
    second.redraw.now();
    vi.advanceTimersByTime(50);
    expect(frames).toHaveBeenCalledTimes(1);
    expect(first.draw).toHaveBeenLastCalledWith(true);
    expect(second.draw).toHaveBeenLastCalledWith(false);
  });

  it("draws each change of a loop that waits for a low pace", () => {
    const { draw, redraw } = make();
    for (let step = 1; step <= 20; step++) {
      redraw.later(true, drawsEachStep(stateOf({ pace: 10 })));
      expect(draw).toHaveBeenCalledTimes(step);
      vi.advanceTimersByTime(100);
      expect(draw).toHaveBeenCalledTimes(step);
    }
    see(false);
    redraw.later(true, true);
    vi.advanceTimersByTime(100);
    expect(draw).toHaveBeenCalledTimes(20);
  });

  it("leaves time for the page between drawings that take long", () => {
    const { draw, redraw } = make();
    draw.mockImplementation(() => vi.advanceTimersByTime(90));
    redraw.later(true, true);
    redraw.later(true, true);
    expect(draw).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(30);
    redraw.later(true, true);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it.each([
    [10, "running", true],
    [20, "running", false],
    [null, "running", false],
    [10, "finished", false],
  ] as const)("draws each step at the pace %s of a %s loop: %s", (pace, status, expected) => {
    expect(drawsEachStep(stateOf({ pace, status }))).toBe(expected);
  });

  it("redraws at once after a change by the user", () => {
    const { draw, redraw } = make();
    redraw.later();
    vi.advanceTimersByTime(50);
    redraw.now();
    vi.advanceTimersByTime(50);
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("is suspended while the view is not visible, and done afterwards", () => {
    const { draw, redraw } = make();
    see(false);
    redraw.later();
    vi.advanceTimersByTime(2000);
    expect(draw).not.toHaveBeenCalled();
    see(true);
    vi.advanceTimersByTime(50);
    expect(draw).toHaveBeenCalledTimes(1);
  });

  it("ends when it is closed", () => {
    const { draw, redraw } = make();
    redraw.later();
    redraw.close();
    vi.advanceTimersByTime(2000);
    expect(draw).not.toHaveBeenCalled();
  });
});
