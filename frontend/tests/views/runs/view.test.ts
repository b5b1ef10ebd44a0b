// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Buffers } from "../../../src/decoding/buffers";
import type { RunsKernelMessage, RunsPageMessage } from "../../../src/messages/runs";
import { COMPARISON_DELAYED } from "../../../src/views/runs/runs-client";
import { drawRuns } from "../../../src/views/runs/view";
import { recorded, viewOf } from "../../fake-channel";
import { runsMessages, runsRequests } from "../../fixtures/messages";
import { stubObservers } from "../../observers";
import { allRuns, changedRuns, type SampleRun } from "./sample";

type Listener = (content: unknown, buffers?: Buffers) => void;

class Model {
  readonly sent: RunsPageMessage[] = [];
  readonly listeners = new Set<Listener>();
  send(content: RunsPageMessage): void {
    this.sent.push(content);
  }
  on(_: string, listener: Listener): void {
    this.listeners.add(listener);
  }
  off(_: string, listener: Listener): void {
    this.listeners.delete(listener);
  }
  receive(message: RunsKernelMessage, buffers: Buffers = []): void {
    for (const listener of this.listeners) listener(message, buffers);
  }
}

const RUNS: readonly SampleRun[] = [
  { key: "a.lab", started: 1, loss: 0.5, note: "first", configuration: { lr: "0.1", seed: "1" } },
  { key: "b.lab", started: 2, loss: 0.25, configuration: { lr: "0.01", seed: "1" } },
  { key: "c.lab", started: 3, configuration: { lr: "1e-3", seed: "1" }, status: "running" },
  { key: "d.lab", error: "d.lab is damaged.", status: null, steps: null, started: null },
];

let number = 0;
const draws: string[][] = [];
const ended: number[] = [];

beforeEach(() => {
  stubObservers();
  vi.useFakeTimers();
  draws.length = ended.length = 0;
});
afterEach(() => {
  vi.runOnlyPendingTimers();
  vi.useRealTimers();
});

/** Draws the view of a folder of its own, as the page stores the settings of a folder. */
function drawn(
  runs: readonly SampleRun[] = RUNS,
  opened: () => Promise<void> = () => Promise.resolve(),
) {
  const model = new Model();
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  const close = drawRuns(root, model, recorded(model), async (place, channels) => {
    await opened();
    place.textContent = "drawn comparison";
    draws.push([...channels]);
    return () => ended.push(1);
  });
  const [message, buffers] = allRuns(runs);
  number += 1;
  model.receive({ ...message, folder: `/home/runs${number}` } as RunsKernelMessage, buffers);
  return { model, root, close };
}

function names(root: HTMLElement): string[] {
  return [...root.querySelectorAll<HTMLElement>("tbody tr")].map(
    (row) => row.querySelector(".labkit-runs-name")?.textContent ?? "",
  );
}

function headers(root: HTMLElement): string[] {
  return [...root.querySelectorAll("thead th")].map((cell) => cell.textContent ?? "");
}

function click(root: HTMLElement, name: string): void {
  const buttons = [...root.querySelectorAll("button")];
  buttons.find((button) => button.textContent?.startsWith(name))?.click();
  vi.runOnlyPendingTimers();
}

function mark(root: HTMLElement, ...keys: string[]): void {
  for (const key of keys) {
    root.querySelector<HTMLInputElement>(`[aria-label="Mark ${key}"]`)?.click();
  }
  vi.runOnlyPendingTimers();
}

function type(root: HTMLElement, text: string): void {
  const field = root.querySelector<HTMLInputElement>("input[type=search]");
  if (!field) throw new Error("no filter");
  field.value = text;
  field.dispatchEvent(new Event("input"));
  vi.runOnlyPendingTimers();
}

describe("the table of runs", () => {
  it("has the newest run first, and files without a time last", () => {
    const { root } = drawn();
    expect(names(root)).toEqual(["c.lab", "b.lab", "a.lab", "d.lab"]);
    expect(root.dataset.labkitView).toBe("runs");
    expect(root.dataset.labkitStep).toBe("100");
  });

  it("requests the runs in the way that the kernel knows", () => {
    const { model } = drawn();
    expect(model.sent[0]).toEqual(runsRequests.runs);
  });

  it("sorts by any column, with empty cells at the end", () => {
    const { root } = drawn();
    click(root, "loss, last");
    expect(names(root).slice(0, 2)).toEqual(["a.lab", "b.lab"]);
    click(root, "loss, last");
    expect(names(root).slice(0, 2)).toEqual(["b.lab", "a.lab"]);
    expect(root.querySelector("[aria-sort=ascending]")?.textContent).toContain("loss, last");
    click(root, "lr");
    click(root, "lr");
    expect(names(root)).toEqual(["c.lab", "b.lab", "a.lab", "d.lab"]);
    click(root, "lr");
    expect(names(root)).toEqual(["c.lab", "b.lab", "a.lab", "d.lab"]);
  });

  it("shows only the settings in which runs differ, and lists the others", () => {
    const { root } = drawn();
    expect(headers(root)).toContain("lr");
    expect(headers(root)).not.toContain("seed");
    expect(root.querySelector("details")?.textContent).toContain("The same in all runs: seed");
    root.querySelector<HTMLInputElement>("label > input[type=checkbox]")?.click();
    vi.runOnlyPendingTimers();
    expect(headers(root)).toContain("seed");
    expect(root.querySelector("details")?.hidden).toBe(true);
  });

  it("shortens long names in its header, where the tooltip has them", () => {
    const setting = `config.${"a_long_name_".repeat(9)}`;
    const { root } = drawn([
      { key: "a.lab", started: 1, configuration: { [setting]: "1" } },
      { key: "b.lab", started: 2, configuration: { [setting]: "2" } },
    ]);
    const header = [...root.querySelectorAll("thead button")].find(({ textContent }) =>
      textContent?.startsWith("config.a"),
    );
    expect(header?.textContent?.length).toBeLessThan(40);
    expect(header?.getAttribute("title")).toContain(setting);
  });

  it("shows what only some optimizers have if it is in use", () => {
    const sgd = { optimizer: "SGD", momentum: "0.9", nesterov: "False" };
    const { root } = drawn([
      { key: "a.lab", started: 1, configuration: sgd },
      { key: "b.lab", started: 2, configuration: { optimizer: "Adam" } },
      { key: "c.lab", started: 3, configuration: {} },
    ]);
    expect(headers(root)).toContain("momentum");
    expect(headers(root)).not.toContain("nesterov");
    expect(root.querySelector("details")?.textContent).not.toContain("nesterov");
  });

  it.each([
    ["lr=0.1", ["a.lab"]],
    ["FIRST", ["a.lab"]],
    ["running c", ["c.lab"]],
    ["damaged", ["d.lab"]],
    ["nothing like it", []],
  ])("filters by %s", (text, found) => {
    const { root } = drawn();
    type(root, text);
    expect(names(root)).toEqual(found);
    expect(root.querySelector(".labkit-runs-count")?.textContent).toBe(`${found.length} of 4 runs`);
  });

  it("shows why a file cannot be read, and does not let it be marked", () => {
    const { root } = drawn();
    const row = root.querySelector<HTMLElement>('[data-labkit-run="d.lab"]');
    expect(row?.textContent).toContain("Unreadable");
    expect(row?.textContent).toContain("d.lab is damaged.");
    expect(row?.querySelector("input")?.disabled).toBe(true);
  });

  it("updates rows in place, adds new ones and removes those that are gone", () => {
    const { root, model } = drawn();
    const before = root.querySelector('[data-labkit-run="c.lab"]');
    const grown = { ...RUNS[2], key: "c.lab", steps: 250, loss: 3 };
    model.receive(...changedRuns([grown, { key: "e.lab", started: 5 }], ["d.lab"]));
    vi.advanceTimersByTime(2000);
    expect(names(root)).toEqual(["e.lab", "c.lab", "b.lab", "a.lab"]);
    const row = root.querySelector('[data-labkit-run="c.lab"]');
    expect(row).toBe(before);
    expect(row?.textContent).toContain("250");
    expect(row?.querySelector("polyline")?.getAttribute("points")?.split(" ")).toHaveLength(2);
  });

  it("has one stop for the tab key, and the arrow keys for the rows", () => {
    const { root } = drawn();
    const boxes = [...root.querySelectorAll<HTMLInputElement>("tbody input:enabled")];
    expect(boxes.filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    boxes[0]?.focus();
    boxes[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    expect(document.activeElement).toBe(boxes[1]);
    expect(boxes.map(({ tabIndex }) => tabIndex)).toEqual([-1, 0, -1]);
  });

  it("says that a folder is empty", () => {
    const { root } = drawn([]);
    expect(root.querySelector(".labkit-empty")?.textContent).toContain("There is no run in");
  });

  it("takes names and notes as text", () => {
    const name = "<img src=x onerror=alert(1)>";
    const { root } = drawn([{ key: name, name, note: name, configuration: { [name]: name } }]);
    expect(root.querySelector("img")).toBeNull();
    expect(names(root)).toEqual([name]);
  });

  it.each(["constructor", "__proto__", "toString"])("has a setting named %s", (setting) => {
    const configuration = JSON.parse(`{"config.${setting}": "1", "${setting}": "2"}`);
    const { root } = drawn([{ key: "a.lab", configuration }, { key: "b.lab" }]);
    expect(names(root)).toHaveLength(2);
    expect(root.textContent).not.toContain("function");
  });

  it("reads the messages of the kernel", () => {
    const { root, model } = drawn([]);
    const numbers = [0.5, 0.25, 2, Number.NaN, 0.5, 0.75];
    const outline = [0, 0.5, 1, 2, 0.25, 0.5];
    const buffers = [viewOf(Float64Array.from(numbers)), viewOf(Float32Array.from(outline))];
    model.receive(runsMessages["run-rows"], buffers);
    vi.advanceTimersByTime(2000);
    expect(names(root)).toEqual(["<b>mlp</b>"]);
    expect(root.textContent).toContain("It is gone.");
    expect(root.textContent).toContain("NaN");
  });
});

describe("the comparison of marked runs", () => {
  it("is requested for two to eight runs, and drawn below the table", async () => {
    const { root, model } = drawn();
    const compare = [...root.querySelectorAll("button")].find(
      ({ textContent }) => textContent === "Compare",
    );
    expect(compare?.disabled).toBe(true);
    mark(root, "a.lab", "b.lab");
    expect(compare?.textContent).toBe("Compare 2 marked");
    compare?.click();
    const request = { type: "compare", request: 1, keys: ["b.lab", "a.lab"] };
    expect(model.sent.at(-1)).toEqual(request);
    model.receive({ ...runsMessages.compared, channels: ["IPY_MODEL_x", "IPY_MODEL_y"] });
    await vi.advanceTimersByTimeAsync(0);
    expect(draws).toEqual([["IPY_MODEL_x", "IPY_MODEL_y"]]);
    expect(root.textContent).toContain("drawn comparison");
    click(root, "Close comparison");
    expect(model.sent.at(-1)).toEqual({ type: "compare", request: 2, keys: [] });
    expect(ended).toHaveLength(1);
    expect(root.textContent).not.toContain("drawn comparison");
  });

  it("is not replaced by the answer to an earlier request", async () => {
    const { root, model } = drawn();
    mark(root, "a.lab", "b.lab");
    click(root, "Compare");
    click(root, "Compare");
    model.receive(runsMessages.compared);
    await vi.advanceTimersByTimeAsync(0);
    expect(draws).toEqual([]);
  });

  it("says what to do where a click does not arrive, and shows a refusal", () => {
    const { root, model } = drawn();
    mark(root, "a.lab", "b.lab");
    click(root, "Compare");
    vi.advanceTimersByTime(5000);
    expect(root.textContent).toContain(COMPARISON_DELAYED);
    model.receive(runsMessages.refused);
    expect(root.textContent).toContain("No.");
    expect(root.textContent).not.toContain(COMPARISON_DELAYED);
  });

  it("says what to do if its runs do not arrive", () => {
    const { root, model } = drawn(RUNS, () => new Promise(() => undefined));
    model.receive({ ...runsMessages.compared, request: null });
    vi.advanceTimersByTime(11_000);
    expect(root.textContent).toContain("In a cell, runs.compare(…) shows them.");
  });

  it("is closed, with all listeners, when the view is closed", async () => {
    const { root, model, close } = drawn();
    model.receive({ ...runsMessages.compared, request: null, channels: ["IPY_MODEL_x"] });
    await vi.advanceTimersByTimeAsync(0);
    expect(draws).toHaveLength(1);
    close();
    expect(ended).toHaveLength(1);
    expect(root.children).toHaveLength(0);
  });
});
