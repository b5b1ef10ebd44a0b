// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { HEIGHT, PLOT, WIDTH } from "../../../src/course/prediction/axes";
import { KNOTS, SketchLine } from "../../../src/course/prediction/sketch-line";
import { CardPage } from "./fake-model";

describe("the line of a sketch", () => {
  it("is straight between the knots that were set, and level beyond them", () => {
    const line = new SketchLine();
    line.set(10, 0.2);
    expect(line.isComplete).toBe(false);
    line.set(20, 0.4);
    expect(line.isComplete).toBe(true);
    expect([0, 10, 15, 20, 48].map((knot) => line.at(knot)?.toFixed(2))).toEqual([
      "0.20",
      "0.20",
      "0.30",
      "0.40",
      "0.40",
    ]);
    line.remove(20);
    expect(line.at(48)).toBe(0.2);
  });

  it("has no gaps in a fast stroke, in either direction", () => {
    for (const [from, to] of [
      [0, 40],
      [40, 0],
    ] as const) {
      const line = new SketchLine();
      line.set(20, 1);
      line.stroke([from, from / 40], [to, to / 40]);
      expect(line.at(20)).toBeCloseTo(0.5);
      expect(line.extent).toEqual([0, 40]);
    }
  });

  it("takes any number of heights", () => {
    const line = new SketchLine();
    line.setAll([0, 1, 0.5]);
    expect(line.heights()).toHaveLength(KNOTS);
    expect(line.at(24)).toBe(1);
    expect(line.at(36)).toBeCloseTo(0.75);
  });
});

/** The position in the page of a place in the plot, both as fractions. */
function at(x: number, y: number) {
  const { left, top, right, bottom } = PLOT;
  return { clientX: left + x * (right - left), clientY: bottom - y * (bottom - top), button: 0 };
}

function stroke(page: CardPage, ...places: (readonly [number, number])[]): void {
  const svg = page.find<SVGSVGElement>(".sketch svg");
  svg.getBoundingClientRect = () => new DOMRect(0, 0, WIDTH, HEIGHT);
  const [first, ...more] = places.map(([x, y]) => at(x, y));
  svg.dispatchEvent(new MouseEvent("pointerdown", first));
  for (const place of more) svg.dispatchEvent(new MouseEvent("pointermove", place));
  svg.dispatchEvent(new MouseEvent("pointerup"));
}

function lockedHeights(page: CardPage): readonly number[] {
  page.chooseSureness(2);
  page.lockIn();
  return page.model.sent[0]?.value as readonly number[];
}

describe("a sketch", () => {
  it("is drawn with the pointer, on a logarithmic axis", () => {
    const page = new CardPage("curve");
    expect(page.find(".sketch text:last-of-type").textContent).toBe("draw here");
    stroke(page, [0, 1], [0.5, 0.5], [1, 0]);
    const heights = lockedHeights(page);
    expect(heights).toHaveLength(KNOTS);
    expect([heights[0], heights[24], heights[48]].map((each) => each?.toFixed(3))).toEqual([
      "1.000",
      "0.100",
      "0.010",
    ]);
  });

  it("can be changed in parts, and cleared", () => {
    const page = new CardPage("curve");
    stroke(page, [0, 0], [1, 0]);
    stroke(page, [0.5, 1], [0.6, 1]);
    page.click(".sketch button");
    page.lockIn();
    expect(page.said).toContain("Sketch the curve first");
    stroke(page, [0, 0], [1, 0]);
    stroke(page, [0.5, 1], [0.6, 1]);
    const heights = lockedHeights(page);
    expect(heights[0]).toBeCloseTo(0.01);
    expect(heights[26]).toBeCloseTo(1);
    expect(heights[48]).toBeCloseTo(0.01);
  });

  it("is drawn with the keyboard, and says where it is", () => {
    const page = new CardPage("curve");
    const svg = page.find<SVGSVGElement>(".sketch svg");
    svg.focus();
    page.press(".sketch svg", "PageUp", "PageUp", "PageUp");
    expect(svg.getAttribute("aria-valuetext")).toBe("at step 0: 1");
    page.press(".sketch svg", "ArrowRight", "ArrowRight", "Home", "End", "PageDown");
    expect(svg.getAttribute("aria-valuetext")).toBe("at step 100: 0.464");
    const heights = lockedHeights(page);
    expect(heights[0]).toBeCloseTo(1);
    expect(heights[48]).toBeCloseTo(0.464, 3);
    page.model.update({ said: "no" });
    page.press(".sketch svg", "Delete");
    expect(svg.getAttribute("aria-valuetext")).toBe("at step 100: 1");
  });

  it("is drawn again from what was locked in, and takes no stroke then", () => {
    const page = new CardPage("curve");
    page.locked("curve");
    const points = page.find(".line").getAttribute("points");
    expect(points?.split(" ")).toHaveLength(KNOTS);
    stroke(page, [0, 0], [1, 0]);
    page.press(".sketch svg", "PageUp");
    expect(page.find(".line").getAttribute("points")).toBe(points);
    expect(page.root.textContent).not.toContain("draw here");
  });
});
