// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { BY_STEP, epochAxis, timeAxis } from "../../../src/plot/step-axis";
import { distanceText, endsOf } from "../../../src/views/curves/comparison";
import { CursorKeys } from "../../../src/views/curves/cursor-keys";

function open(recorded: readonly number[]) {
  const steps = Float64Array.from(recorded);
  const cursors = {
    cursor: null as number | null,
    second: null as number | null,
    steps: () => steps,
    setCursor: (step: number | null) => {
      cursors.cursor = step;
    },
    setSecond: (step: number | null) => {
      cursors.second = step;
    },
  };
  const { element } = new CursorKeys(cursors);
  const press = (key: string, shiftKey = false) => {
    const event = new KeyboardEvent("keydown", { key, shiftKey, cancelable: true });
    element.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { cursors, press };
}

describe("keys on the curves", () => {
  it("move the cursor from one recorded step to the next", () => {
    const { cursors, press } = open([10, 20, 50, 60]);
    press("ArrowLeft");
    expect(cursors.cursor).toBe(50);
    press("ArrowLeft");
    press("ArrowLeft");
    press("ArrowLeft");
    expect(cursors.cursor).toBe(10);
    press("ArrowRight");
    expect(cursors.cursor).toBe(20);
    press("Home");
    expect(cursors.cursor).toBe(10);
    press("PageUp");
    expect(cursors.cursor).toBe(60);
    press("End");
    expect(cursors.cursor).toBeNull();
  });

  it("move the second cursor with Shift, from the first one", () => {
    const { cursors, press } = open([10, 20, 50, 60]);
    press("Home");
    press("ArrowRight", true);
    press("ArrowRight", true);
    expect(cursors).toMatchObject({ cursor: 10, second: 50 });
    expect(press("Escape")).toBe(true);
    expect(cursors.second).toBeNull();
    expect(press("Escape")).toBe(false);
  });

  it("do nothing without a recorded step, and are others' where they have no meaning", () => {
    expect(open([]).press("ArrowLeft")).toBe(false);
    expect(open([1, 2]).press("a")).toBe(false);
  });
});

describe("a comparison", () => {
  it("has the earlier step first, and the newest step without a first cursor", () => {
    expect(endsOf(30, 10, 99)).toEqual([10, 30]);
    expect(endsOf(null, 10, 99)).toEqual([10, 99]);
    expect(endsOf(30, null, 99)).toBeNull();
  });

  it("has the distance in steps, epochs and time", () => {
    const axes = [
      BY_STEP,
      epochAxis({ steps: [0, 40], values: [0, 1] }, null) ?? BY_STEP,
      timeAxis({ steps: [0, 1000], values: [0, 100] }) ?? BY_STEP,
    ];
    expect(distanceText([20, 1080], axes)).toBe("step 20 → 1,080: 1,060 steps, 26.5 epochs, 106 s");
    expect(distanceText([1, 2], [BY_STEP])).toBe("step 1 → 2: 1 step");
  });
});
