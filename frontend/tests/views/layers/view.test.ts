// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TableKind } from "../../../src/messages/tables";
import type { SeriesTable } from "../../../src/session";
import { drawLayers } from "../../../src/views/layers/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";
import { perceptron, Sample } from "../graph/sample";

let root: HTMLElement;
let session: StubSession;
let close: () => void;
let width = 1200;

/** Returns a table with two steps: the values of step 1 are half of those of step 2. */
function tableOf(kind: TableKind, values: Readonly<Record<string, number>>): SeriesTable {
  const names = Object.keys(values);
  const newest = Float32Array.from(Object.values(values));
  const points = (column: number) => ({
    steps: Float64Array.of(1, 2),
    values: Float32Array.of((newest[column] ?? 0) / 2, newest[column] ?? 0),
  });
  return { id: kind, kind, names, lastStep: 2, points, latest: () => newest };
}

beforeEach(() => {
  stubObservers();
  width = 1200;
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => width);
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new StubSession();
  close = drawLayers(root, session);
});

afterEach(() => {
  close();
  vi.restoreAllMocks();
});

function tell(...tables: SeriesTable[]): Promise<void> {
  session.state = stateOf({ step: 2, parameters: 12, trainable: 12 });
  session.tables = tables;
  return drawn(() => session.notify("snapshot"));
}

/** Resolves after the next drawing that an action causes. */
async function drawn(act: () => void): Promise<void> {
  act();
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

function row(path: string): HTMLTableRowElement | null {
  return root.querySelector<HTMLTableRowElement>(`tbody [data-labkit-layer="${path}"]`);
}

function names(): (string | null)[] {
  return [...root.querySelectorAll("tbody .labkit-layers-name")].map((each) => each.textContent);
}

function headers(): (string | null)[] {
  return [...root.querySelectorAll("thead button")].map((each) => each.textContent);
}

function header(name: string): HTMLButtonElement {
  const all = [...root.querySelectorAll<HTMLButtonElement>("thead button")];
  const found = all.find((each) => each.textContent?.startsWith(name));
  if (!found) throw new Error(`no column ${name}`);
  return found;
}

function cell(path: string, column: string): HTMLTableCellElement | undefined {
  const at = headers().findIndex((name) => name?.startsWith(column));
  return (row(path) ?? root.querySelector("tfoot tr"))?.querySelectorAll("td")[at - 1];
}

const GRADIENTS = tableOf("grad_norm", { "fc1.weight": 3, "fc1.bias": 4, "fc2.weight": 12 });

describe("the table of layers", () => {
  it("shows why it is empty", () => {
    expect(root.querySelector(".labkit-empty")?.textContent).toBe("Waiting for the first step");
  });

  it("has a row per module with costs and norms, and the model's in the footer", async () => {
    session.graph = perceptron().graph();
    await tell(
      GRADIENTS,
      tableOf("weight_norm", { "fc1.weight": 1, "fc1.bias": 1, "fc2.weight": 2 }),
      tableOf("update_ratio", { "fc1.weight": 0.01, "fc1.bias": 0.01, "fc2.weight": 0.03 }),
    );
    expect(names()).toEqual(["fc1", "fc2"]);
    expect(row("fc1")?.textContent).toContain("Block");
    expect(cell("fc1", "Output")?.textContent).toBe("4×2");
    expect(cell("fc1", "FLOP")?.textContent).toBe("192");
    expect(cell("fc1", "FLOP")?.title).toBe("192 FLOP forward, 384 FLOP backward");
    expect(cell("fc1", "Gradient")?.textContent).toBe("5");
    expect(cell("fc1", "Update")?.textContent).toBe("0.01");
    expect(root.querySelector("tfoot .labkit-layers-name")?.textContent).toBe("Net");
    expect(root.querySelector("tfoot")?.textContent).toContain("2 modules");
    expect(cell("", "Gradient")?.textContent).toBe("13");
    expect(cell("", "Trainable")?.textContent).toBe("12");
  });

  it("takes modules that the newest graph lacks from an earlier structure", async () => {
    const earlier = new Sample().module("critic#1", null, 6).op("critic#1/mm:0").graph("earlier");
    session.graphOf = async (signature) => (signature === "earlier" ? earlier : null);
    session.graph = new Sample().module("generator#1", null, 6).op("generator#1/mm:0").graph();
    const span = { first: 1, last: 1, title: "" };
    session.state = stateOf({
      step: 2,
      structures: ["earlier", "one"].map((signature) => ({ signature, ...span })),
    });
    session.tables = [tableOf("weight_norm", { "generator.weight": 1, "critic.weight": 1 })];
    session.notify("snapshot");
    await vi.waitFor(() => expect(cell("critic", "Output")?.textContent).toBe("4×2"));
    expect(names()).toEqual(["generator", "critic"]);
  });

  it("shows modules before there is a graph, and what is frozen", async () => {
    session.tuning = {
      groups: [],
      events: [],
      modules: [
        { path: "encoder", type: "ModuleList", parameters: 12, frozen: 6, frozen_here: 0 },
        { path: "encoder.0", type: "Linear", parameters: 6, frozen: 6, frozen_here: 0 },
        { path: "encoder.1", type: "Linear", parameters: 6, frozen: 0, frozen_here: 0 },
      ],
    };
    await tell();
    expect(names()).toEqual(["encoder", "0", "1"]);
    expect(row("encoder")?.querySelector("th")?.title).toBe("encoder · ModuleList");
    expect(cell("encoder", "Frozen")?.textContent).toBe("6");
    expect(cell("encoder.0", "Trainable")?.textContent).toBe("0");
    expect(cell("encoder.0", "FLOP")?.textContent).toBe("–");
  });

  it("updates the numbers without new rows, and shows those of the cursor's step", async () => {
    session.graph = perceptron().graph();
    await tell(GRADIENTS);
    const before = row("fc2");
    await tell(tableOf("grad_norm", { "fc1.weight": 3, "fc1.bias": 4, "fc2.weight": 8 }));
    expect(row("fc2")).toBe(before);
    expect(cell("fc2", "Gradient")?.textContent).toBe("8");
    await drawn(() => session.setCursor(1));
    expect(cell("fc2", "Gradient")?.textContent).toBe("4");
    expect(root.textContent).toContain("at step 1");
  });

  it("sorts by a column: largest first, smallest first, then as the model is", async () => {
    session.graph = perceptron().graph();
    await tell(GRADIENTS);
    const order: unknown[] = [];
    for (let click = 0; click < 3; click++) {
      await drawn(() => header("Gradient").click());
      const sorted = header("Gradient").parentElement?.getAttribute("aria-sort");
      order.push([sorted, ...names()]);
    }
    expect(order).toEqual([
      ["descending", "fc2", "fc1"],
      ["ascending", "fc1", "fc2"],
      [null, "fc1", "fc2"],
    ]);
  });

  it("sorts anew while it trains", async () => {
    session.graph = perceptron().graph();
    await tell(GRADIENTS);
    await drawn(() => header("Gradient").click());
    session.tables = [tableOf("grad_norm", { "fc1.weight": 30, "fc2.weight": 1 })].map((table) => ({
      ...table,
      lastStep: 3,
    }));
    session.notify("frame");
    await vi.waitFor(() => expect(names()).toEqual(["fc1", "fc2"]));
  });

  it("folds modules, and leaves those that only contain others out of a sorted list", async () => {
    session.graph = new Sample()
      .module("#1", null, 6)
      .module("body#1", "#1", 6)
      .module("body.0#1", "body#1", 6)
      .op("body.0#1/addmm:0")
      .graph();
    await tell(tableOf("grad_norm", { "body.0.weight": 1 }));
    expect(names()).toEqual(["body", "0"]);
    await drawn(() => row("body")?.querySelector<HTMLElement>(".labkit-layers-fold")?.click());
    expect(names()).toEqual(["body"]);
    await drawn(() => header("Gradient").click());
    expect(names()).toEqual(["body.0"]);
  });

  it("keeps all modules unfolded when the graph adds some", async () => {
    const blocks = Array.from({ length: 30 }, (_, index) => `body.${index}`);
    const facts = { type: "Block", parameters: 6, frozen: 0, frozen_here: 0 };
    const modules = ["body", ...blocks].map((path) => ({ path, ...facts }));
    session.tuning = { groups: [], events: [], modules };
    await tell();
    const unfold = [...root.querySelectorAll("button")].find((b) => b.textContent === "Unfold all");
    await drawn(() => unfold?.click());
    const sample = new Sample().module("#1", null).module("body#1", "#1");
    for (const path of blocks)
      sample.module(`${path}#1`, "body#1").module(`${path}.0#1`, `${path}#1`);
    session.graph = sample.graph();
    await tell();
    expect(names()).toHaveLength(61);
  });

  it("leaves out the columns of least use where there is no room", async () => {
    session.graph = perceptron().graph();
    width = 500;
    await tell(GRADIENTS);
    expect(headers()).toEqual(["Module", "Trainable", "FLOP", "Gradient norm", "Update ratio"]);
    width = 1200;
    await tell(GRADIENTS);
    expect(headers()).toContain("Kept for backward");
    const explained = [...root.querySelectorAll<HTMLElement>("thead button")];
    expect(explained.every(({ title }) => title.length > 20)).toBe(true);
  });

  it("sums over all modules, each tied parameter once", async () => {
    session.graph = new Sample()
      .module("#1", null, 6)
      .module("embed#1", "#1", 6)
      .module("head#1", "#1", 6)
      .parameter("embed#1/weight:0", "embed.weight", "head.weight")
      .op("head#1/mm:0", "embed#1/weight:0")
      .graph();
    await tell(tableOf("grad_norm", { "embed.weight": 2 }));
    expect(cell("head", "Gradient")?.textContent).toBe("2");
    expect(cell("", "Gradient")?.textContent).toBe("2");
  });
});

describe("the selection in the table of layers", () => {
  beforeEach(async () => {
    session.graph = perceptron().graph();
    await tell(GRADIENTS);
  });

  const marked = () =>
    [...root.querySelectorAll<HTMLElement>(".labkit-picked")].map((r) => r.dataset.labkitLayer);

  it("marks the module of a parameter or an operation, and says its name", async () => {
    await drawn(() => session.select("fc1.weight"));
    expect(marked()).toEqual(["fc1"]);
    expect(root.querySelector(".labkit-selection")?.textContent).toContain("fc1.weight");
    await drawn(() => session.select("fc2#1/addmm:0"));
    expect(marked()).toEqual(["fc2"]);
    await drawn(() => root.querySelector<HTMLElement>(".labkit-selection-clear")?.click());
    expect([session.selected, ...marked()]).toEqual([null]);
  });

  it("unfolds the modules around a parameter", async () => {
    session.graph = new Sample()
      .module("#1", null)
      .module("body#1", "#1")
      .module("body.0#1", "body#1")
      .op("body.0#1/addmm:0")
      .graph();
    await tell(tableOf("grad_norm", { "body.0.weight": 1 }));
    await drawn(() => row("body")?.querySelector<HTMLElement>(".labkit-layers-fold")?.click());
    expect(row("body.0")).toBeNull();
    await drawn(() => session.select("body.0.weight"));
    expect(marked()).toEqual(["body.0"]);
    await drawn(() => row("body")?.querySelector<HTMLElement>(".labkit-layers-fold")?.click());
    expect(marked()).toEqual(["body"]);
  });

  it("is made by a click on a row, and taken back by a second one", async () => {
    await drawn(() => row("fc2")?.click());
    expect([session.selected, ...marked()]).toEqual(["fc2", "fc2"]);
    await drawn(() => row("fc2")?.click());
    expect([session.selected, ...marked()]).toEqual([null]);
  });

  it("is moved to by arrow keys, with one stop for the Tab key", async () => {
    const stops = () => root.querySelectorAll("tbody button[tabindex='0']");
    expect(stops()).toHaveLength(1);
    (stops()[0] as HTMLElement).focus();
    const down = new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true });
    document.activeElement?.dispatchEvent(down);
    expect(document.activeElement?.textContent).toBe("fc2");
    expect(stops()).toHaveLength(1);
  });
});
