// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SeriesTable } from "../../../src/session";
import { drawComparison } from "../../../src/views/comparison/view";
import { stubObservers } from "../../observers";
import { tableOf } from "../curves/sample";
import { runOf } from "./sample";

let root: HTMLElement;
let close: () => void = () => undefined;

beforeEach(() => {
  stubObservers();
  HTMLCanvasElement.prototype.getContext = () => null;
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(500);
  root = document.createElement("div");
  document.body.replaceChildren(root);
});

afterEach(() => {
  close();
  vi.restoreAllMocks();
});

function norms(...values: number[]): SeriesTable[] {
  return [tableOf("grad_norm", "fc.weight", values), tableOf("update_ratio", "fc.weight", values)];
}

function open(tab: string) {
  const runs = [
    runOf("SGD", [tableOf("loss", "loss", [3, 2, 1]), ...norms(1, 2, 3)]),
    runOf("Adam", [tableOf("loss", "loss", [3, 1]), ...norms(0.001, 0.02)]),
  ] as const;
  runs[0].session.configuration = { optimizer: "SGD", lr: "0.1", device: "cpu" };
  runs[1].session.configuration = { optimizer: "Adam", lr: "0.1", device: "cpu", eps: "1e-08" };
  close = drawComparison(root, runs);
  chosen<HTMLElement>(`[data-labkit-tab="${tab}"]`).click();
  return { runs, sessions: runs.map(({ session }) => session) };
}

function chosen<E extends Element>(selector: string): E {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
}

function texts(selector: string): (string | null)[] {
  return [...root.querySelectorAll(selector)].map(({ textContent }) => textContent);
}

function choose(label: string, value: string): void {
  const select = chosen<HTMLSelectElement>(`.labkit-beside-bar select[aria-label="${label}"]`);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

async function frame(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

describe("a comparison", () => {
  it("has a tab in front, which the arrow keys change", () => {
    open("overlaid");
    const press = (key: string) =>
      chosen("[role=tablist]").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const front = () => texts("[role=tab][aria-selected=true]");
    press("ArrowRight");
    expect(front()).toEqual(["Side by side"]);
    press("End");
    press("ArrowRight");
    expect(front()).toEqual(["Overlaid"]);
    expect(document.activeElement?.textContent).toBe("Overlaid");
  });

  it("shows the runs that are not hidden", () => {
    open("differences");
    const heads = () => texts(".labkit-comparison-table thead th");
    expect(heads()).toEqual(["SGD", "Adam"]);
    const [first] = root.querySelectorAll<HTMLElement>(".labkit-comparison-run");
    first?.click();
    expect(first?.getAttribute("aria-pressed")).toBe("false");
    expect(heads()).toEqual(["Adam"]);
  });

  it("leaves no listener and no element when it is closed", () => {
    const { sessions } = open("beside");
    close();
    close = () => undefined;
    expect(sessions.map(({ listeners }) => listeners.size)).toEqual([0, 0]);
    expect(root.children).toHaveLength(0);
  });
});

describe("the overlaid curves", () => {
  it("have the values of each run, also at the common cursor", async () => {
    const { sessions } = open("overlaid");
    const values = () => texts(".labkit-overlaid tbody td");
    expect(values()).toEqual(["1", "1", "3", "1", "1", "3"]);
    sessions[0]?.setCursor(1);
    await frame();
    expect(values()).toEqual(["2", "1", "3", "1", "1", "3"]);
    expect(texts(".labkit-overlaid thead tr:last-child th")).toEqual(["at 1", "min", "max"]);
    const [, lowest] = root.querySelectorAll<HTMLElement>(".labkit-overlaid tbody button");
    lowest?.click();
    expect(sessions.map(({ cursor }) => cursor)).toEqual([2, 1]);
  });
});

describe("the views side by side", () => {
  it("have one menu, whose choices are those of all runs", async () => {
    open("beside");
    choose("View", "gradients");
    expect(root.querySelectorAll(".labkit-beside-bar select[aria-label=Quantity]")).toHaveLength(1);
    choose("Quantity", "update_ratio");
    const quantities = root.querySelectorAll<HTMLSelectElement>("select[aria-label=Quantity]");
    expect([...quantities].map(({ value }) => value)).toEqual(["update_ratio", "update_ratio"]);
    const [, lines] = root.querySelectorAll<HTMLElement>(".labkit-beside-bar .labkit-chip");
    lines?.click();
    const pressed = texts(".labkit-gradients [aria-pressed=true]");
    expect(pressed).toEqual(["Lines", "Lines"]);
  });

  it("have the same scale of colours", async () => {
    open("beside");
    choose("View", "gradients");
    await frame();
    const legends = texts(".labkit-heat-legend");
    expect(legends).toHaveLength(2);
    expect(legends[0]).toBe(legends[1]);
    expect(legends[0]).toContain("10⁻³");
  });
});

describe("the table of differences", () => {
  const rows = () => texts(".labkit-comparison-table tbody th[scope=row]");

  it("has the rows that differ, or all of them", () => {
    open("differences");
    expect(rows()).toEqual(["optimizer", "eps", "steps", "loss, lowest"]);
    chosen<HTMLInputElement>("input[type=checkbox]").click();
    expect(rows()).toContain("device");
    expect(texts(".labkit-comparison-differs td").slice(0, 2)).toEqual(["SGD", "Adam"]);
  });

  it("is updated while a run grows", async () => {
    const { sessions } = open("differences");
    const [, second] = sessions;
    if (second) second.tables = [tableOf("loss", "loss", [3, 1, 0.5])];
    expect(rows()).not.toContain("loss, last");
    second?.notify("frame");
    await frame();
    await frame();
    expect(rows()).toContain("loss, last");
  });
});
