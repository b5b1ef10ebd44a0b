import { describe, expect, it } from "vitest";
import { BY_STEP, epochAxis, knownAxes, timeAxis } from "../../src/plot/step-axis";

const NONE = { steps: [], values: [] };
const UNEVEN = { steps: [0, 100, 150], values: [0, 1, 2] };
/** Ten steps per second, with a pause of 5 s after step 100. */
const PAUSED = { steps: [1, 100, 100, 200], values: [0.1, 10, 15, 25] };

describe("the axis of epochs", () => {
  it("has whole numbers where epochs end, also of different lengths", () => {
    const axis = epochAxis(UNEVEN, { number: 3, step: 150, steps: 100, logged_from: null });
    expect([0, 50, 100, 125, 150].map((step) => axis?.at(step))).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  it("continues with the length of the last epoch", () => {
    const axis = epochAxis(UNEVEN, { number: 3, step: 150, steps: 100, logged_from: null });
    expect(axis?.at(175)).toBeCloseTo(2.5);
  });

  it("has the expected length in the first epoch, and is unknown without one", () => {
    const first = { steps: [0], values: [0] };
    expect(epochAxis(first, { number: 1, step: 0, steps: 40, logged_from: null })?.at(10)).toBe(
      0.25,
    );
    expect(epochAxis(first, { number: 1, step: 0, steps: null, logged_from: null })).toBeNull();
    expect(epochAxis(NONE, null)).toBeNull();
  });
});

describe("the axis of time", () => {
  it("has the time at which each step ended", () => {
    const axis = timeAxis(PAUSED);
    expect([50, 100, 110].map((step) => axis?.at(step))).toEqual([
      expect.closeTo(5),
      10,
      expect.closeTo(16),
    ]);
  });

  it("continues at the newest rate", () => {
    expect(timeAxis(PAUSED)?.at(250)).toBeCloseTo(30);
  });

  it("has the step of a pause at every time within it", () => {
    const axis = timeAxis(PAUSED);
    expect([10, 12, 15].map((time) => axis?.stepAt(time))).toEqual([100, 100, 100]);
  });

  it("has a unit that suits the length of the run", () => {
    const lasting = (seconds: number) => timeAxis({ steps: [0, 10], values: [0, seconds] });
    expect([60, 600, 86_400].map((seconds) => lasting(seconds)?.title)).toEqual([
      "time (s)",
      "time (min)",
      "time (h)",
    ]);
    expect(lasting(600)?.at(5)).toBe(5);
    expect(lasting(600)?.stepAt(5)).toBe(5);
  });
});

it("maps each step to a place and back", () => {
  for (const axis of [BY_STEP, epochAxis(UNEVEN, null), timeAxis(PAUSED)]) {
    for (const step of [1, 7, 99, 101, 149, 180, 260]) {
      expect(axis?.stepAt(axis.at(step))).toBeCloseTo(step);
    }
  }
});

it("offers only axes of which enough is known", () => {
  const kinds = (...given: Parameters<typeof knownAxes>) => knownAxes(...given).map((a) => a.kind);
  expect(kinds({ epochs: NONE, seconds: NONE }, null)).toEqual(["step"]);
  expect(kinds({ epochs: NONE, seconds: PAUSED }, null)).toEqual(["step", "time"]);
  expect(kinds({ epochs: UNEVEN, seconds: PAUSED }, null)).toEqual(["step", "epoch", "time"]);
});
