// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cheapestCut, countAt, probabilityText } from "../../../src/course/boundary/counts";
import { bytesOf, floatsOf } from "../../../src/course/boundary/decoding";
import { render, type ThresholdModel } from "../../../src/course/boundary/threshold";
import { thresholdStates } from "../../fixtures/messages";

const STATE = thresholdStates.threshold;
const decided = { logits: floatsOf(STATE.logits), labels: bytesOf(STATE.labels) };

let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  root = document.createElement("div");
  document.body.replaceChildren(root);
  const model = { get: (trait: keyof typeof STATE) => STATE[trait] };
  close = render({ model: model as unknown as ThresholdModel, el: root });
});

afterEach(() => close());

function input(kind: string): HTMLInputElement {
  return root.querySelector(`input[type=${kind}]`) as HTMLInputElement;
}

function enter(element: HTMLInputElement, value: string): void {
  element.value = value;
  element.dispatchEvent(new Event("input"));
}

describe("the threshold view", () => {
  it("counts at a threshold of one half at first", () => {
    const status = root.querySelector("[role=status]")?.textContent;
    for (const text of ["1 hit", "1 miss", "1 false alarm", "precision 0.50", "cost 21"]) {
      expect(status).toContain(text);
    }
    expect(root.querySelector("svg")?.getAttribute("aria-label")).toContain("threshold 0.5");
  });

  it("counts again when the slider moves, and draws those that are wrong hollow", () => {
    const hollow = () => root.querySelectorAll("circle[fill-opacity='0']").length;
    expect(hollow()).toBe(2);
    enter(input("range"), "80"); // a logit of -2
    expect(root.textContent).toContain("2 hits");
    expect(root.textContent).toContain("0 misses");
    expect(root.textContent).toContain("recall 1.00");
    expect(hollow()).toBe(1);
  });

  it("goes to the cheapest threshold for the price that is written", () => {
    root.querySelector("button")?.click();
    expect(root.textContent).toContain("cost 1");
    enter(input("number"), "0.5");
    root.querySelector("button")?.click();
    expect(root.textContent).toContain("cost 0.5");
    expect(root.textContent).toContain("1 miss");
  });

  it.each(["", "-3"])("counts a miss as nothing where %j is written as its price", (written) => {
    enter(input("number"), written);
    expect(root.textContent).toContain("cost 1");
  });

  it("leaves nothing behind", () => {
    close();
    expect(root.childElementCount).toBe(0);
  });
});

describe("counting", () => {
  it("flags what is above the threshold", () => {
    expect(countAt(decided, 2)).toEqual({ hits: 1, misses: 1, alarms: 0, leftAlone: 3 });
  });

  it("takes the smallest of several thresholds with the same cost", () => {
    expect(cheapestCut(decided, 20)).toBeCloseTo(-3);
  });

  it("writes probabilities near 0 and 1 with more digits", () => {
    expect([0, -3, 8].map(probabilityText)).toEqual(["0.5", "0.047", "0.99966"]);
  });
});
