// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { PassSliders } from "../../../src/views/graph/panels/pass-sliders";
import type { DrawnRepeat } from "../../../src/views/graph/structure/collapsed-graph";

const ROLL: DrawnRepeat = {
  key: "h.0#1",
  box: "h.0#1",
  passes: 12,
  pass: 0,
  typical: 0,
  label: "Block",
};

function slide(sliders: PassSliders, value: number): void {
  const slider = sliders.element.querySelector("input");
  if (!slider) throw new Error("there is no slider");
  slider.value = String(value);
  slider.dispatchEvent(new Event("input"));
}

describe("the pass sliders", () => {
  it("draw one pass at a time, and then the newest of the passes chosen meanwhile", async () => {
    const drawn: (number | "all")[] = [];
    const finish: (() => void)[] = [];
    const sliders = new PassSliders((_, pass) => {
      drawn.push(pass);
      return new Promise((resolve) => finish.push(resolve));
    });
    sliders.update([ROLL], () => true);
    for (const value of [2, 3, 4, 9]) slide(sliders, value);
    expect(drawn).toEqual([1]);
    finish.shift()?.();
    await Promise.resolve();
    expect(drawn).toEqual([1, 8]);
  });

  it("have a row for each repeat that is drawn", () => {
    const sliders = new PassSliders(async () => undefined);
    sliders.update([ROLL], () => false);
    expect(sliders.element.hidden).toBe(true);
    sliders.update([{ ...ROLL, pass: 3 }], () => true);
    expect(sliders.element.hidden).toBe(false);
    expect(sliders.element.textContent).toContain("12 × Block4 of 12");
  });

  it("show all passes, and collapse them again", () => {
    const chosen: (number | "all")[] = [];
    const sliders = new PassSliders(async (_, pass) => void chosen.push(pass));
    sliders.update([ROLL], () => true);
    sliders.element.querySelector("button")?.click();
    sliders.update([{ ...ROLL, pass: null }], () => true);
    expect(sliders.element.textContent).toContain("all");
    return Promise.resolve().then(() => {
      sliders.element.querySelector("button")?.click();
      expect(chosen).toEqual(["all", 0]);
    });
  });
});
