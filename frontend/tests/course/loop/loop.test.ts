// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { topOf } from "../../../src/course/loop/chart";
import { type LoopModel, render } from "../../../src/course/loop/loop";
import { PROTOCOL_VERSION } from "../../../src/messages/protocol";
import { loopStates, loopSwitches } from "../../fixtures/messages";
import { FakeWidgetModel } from "../fake-widget-model";

let model: FakeWidgetModel;
let root: HTMLElement;
let close: () => void;

beforeEach(() => {
  model = new FakeWidgetModel(loopStates.loop);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  close = render({ model: model as unknown as LoopModel, el: root });
});

function switches(): HTMLInputElement[] {
  return [...root.querySelectorAll<HTMLInputElement>("input[role=switch]")];
}

function status(): string | null | undefined {
  return root.querySelector("[role=status]")?.textContent;
}

describe("the loop with switches", () => {
  it("shows every line, and a switch for those that have one", () => {
    const texts = [...root.querySelectorAll("code")].map((code) => code.textContent);
    expect(texts).toEqual(loopStates.loop.lines.map((line) => line.text));
    expect(switches().map((each) => each.checked)).toEqual([true, false]);
    expect(switches()[0]?.getAttribute("aria-label")).toBe("line 2: loss.backward()");
  });

  it("sends the lines that are off, and keeps the focus", () => {
    const [first] = switches();
    first?.focus();
    first?.click();
    expect(model.traits).toMatchObject(loopSwitches.switched);
    expect(model.saved).toBe(1);
    expect(document.activeElement).toBe(switches()[0]);
    expect(status()).toMatch(/^Training …/);
    switches()[1]?.click();
    expect(model.get("query")).toEqual({ number: 2, off: [2] });
  });

  it("passes over the answer to an earlier switch", () => {
    switches()[0]?.click();
    switches()[1]?.click();
    model.traits.runs = [];
    model.traits.off = [3, 2];
    model.traits.said = "Loss 9";
    model.set("answered", 1);
    expect(status()).toMatch(/^Training …/);
    expect(root.querySelectorAll("svg").length).toBe(1);
    expect(switches().map((each) => each.checked)).toEqual([false, true]);
    model.traits.off = [2];
    model.traits.said = "Loss 0.5";
    model.set("answered", 2);
    expect(status()).toBe("Loss 0.5");
    expect(root.querySelectorAll("svg").length).toBe(0);
    expect(switches().map((each) => each.checked)).toEqual([false, true]);
  });

  it("puts all lines back", () => {
    const button = root.querySelector("button");
    button?.click();
    expect(model.get("query")).toEqual({ number: 1, off: [] });
    expect(switches().map((each) => each.checked)).toEqual([true, true]);
    expect(button?.disabled).toBe(true);
  });

  it("draws both runs, and values of any step", () => {
    const charts = [...root.querySelectorAll("svg")];
    expect(charts.map((chart) => chart.getAttribute("aria-label"))).toEqual([
      'loss over the steps. all lines: from 2.3 to 0.5; without "optimizer.step()": from 2.3 to not a number.',
    ]);
    expect(root.querySelectorAll("circle").length).toBe(2);
    const slider = root.querySelector<HTMLInputElement>("input[type=range]");
    if (!slider) throw new Error("no slider");
    slider.value = "0";
    slider.dispatchEvent(new Event("input"));
    expect(root.textContent).toContain("step 0 · loss 2.3 and 2.3");
  });

  it("shows new runs", () => {
    model.set("said", "Loss 0.5");
    model.set("runs", []);
    expect(root.querySelectorAll("svg").length).toBe(0);
    expect(status()).toBe("Loss 0.5");
  });

  it("refuses another version, and cleans up", () => {
    close();
    expect(model.listeners.size).toBe(0);
    expect(root.childElementCount).toBe(0);
    model.set("protocol", PROTOCOL_VERSION + 1);
    render({ model: model as unknown as LoopModel, el: root });
    expect(root.textContent).toContain("Restart the kernel");
  });
});

describe("the axis", () => {
  it("ends above the run with all lines, whatever the other does", () => {
    const series = (...values: (number | null)[]) => ({ name: "loss", steps: [0, 1], values });
    expect(topOf([series(2.3, 1), series(2.3, 1e9)])).toBe(4);
    expect(topOf([series(0.2, 0.9), series(0.1, null)])).toBe(1);
  });
});
