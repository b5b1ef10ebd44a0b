// @vitest-environment jsdom
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { GraphData } from "../../../src/messages/graph";
import type { Inspection } from "../../../src/session";
import type { LayoutReply, LayoutRequest } from "../../../src/views/graph/layout/messages";
import { drawGraph } from "../../../src/views/graph/view";
import { stateOf } from "../../fake-channel";
import { inspected, StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";
import { perceptron, Sample } from "./sample";

let graphviz: Graphviz;
let workers: InlineWorker[];
let layouts = 0;

/** Runs Graphviz on the main thread instead of in a worker. */
class InlineWorker {
  onmessage: ((event: { data: LayoutReply }) => void) | null = null;
  terminated = false;

  constructor() {
    workers.push(this);
    queueMicrotask(() => this.onmessage?.({ data: { type: "ready" } }));
  }

  postMessage({ request, dot }: LayoutRequest): void {
    layouts += 1;
    const json = graphviz.layout(dot, "json", "dot");
    queueMicrotask(() => this.onmessage?.({ data: { type: "placed", request, json } }));
  }

  terminate(): void {
    this.terminated = true;
  }
}

class FakeSession extends StubSession {
  readonly past = new Map<string, GraphData>();
  override async graphOf(signature: string): Promise<GraphData | null> {
    return this.past.get(signature) ?? null;
  }
  override inspect = vi.fn(async (): Promise<Inspection> => inspected());

  override async asset(): Promise<string> {
    return "blob:layout";
  }

  tell(graph: GraphData | null, norm = 1): void {
    this.graph = graph;
    const values = Float32Array.of(norm, 0.01);
    const names = ["fc1.weight", "fc2.weight"];
    const points = () => ({ steps: Float64Array.of(5), values: Float32Array.of(norm) });
    const latest = () => values;
    this.tables = [{ id: "grad_norm", kind: "grad_norm", names, lastStep: 5, points, latest }];
    this.notify("snapshot");
  }
}

let root: HTMLElement;
let session: FakeSession;
let close: () => void;

beforeAll(async () => {
  graphviz = await Graphviz.load();
});

beforeEach(() => {
  workers = [];
  layouts = 0;
  vi.stubGlobal("Worker", InlineWorker);
  stubObservers();
  HTMLCanvasElement.prototype.getContext = () => null;
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new FakeSession();
  close = drawGraph(root, session);
});

afterEach(() => {
  close();
  vi.unstubAllGlobals();
});

function seen(id: string): SVGGElement | null {
  return drawn("data-labkit-node", id);
}

function frame(id: string): SVGGElement | null {
  return drawn("data-labkit-module", id);
}

function drawn(handle: string, id: string): SVGGElement | null {
  const all = [...root.querySelectorAll<SVGGElement>(`[${handle}]`)];
  return all.find((element) => element.getAttribute(handle) === id) ?? null;
}

async function shown(find: () => Element | null): Promise<Element> {
  return vi.waitFor(() => {
    const element = find();
    if (!element) throw new Error("not drawn yet");
    return element;
  });
}

describe("drawGraph", () => {
  it("shows when the graph will be recorded, or why it cannot be", () => {
    expect(root.textContent).toContain("The graph appears with the first backward pass.");
    const reason = "No graph: <b>detached</b>.";
    session.tell({ ...perceptron().graph(), nodes: [], reason });
    expect(root.textContent).toContain(reason);
    expect(root.querySelector("b")).toBeNull();
  });

  it("draws the model's modules, with handles and a text", async () => {
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc1#1"));
    expect(box.textContent).toContain("fc1");
    expect(root.getAttribute("data-labkit-view")).toBe("graph");
    expect(root.getAttribute("data-labkit-step")).toBe("0");
    expect(root.querySelectorAll("[data-labkit-node]")).toHaveLength(5);
    expect(root.querySelector("svg")?.getAttribute("aria-label")).toContain("Net: 2 modules");
  });

  it("unfolds with a click and folds with a key, without moving the box", async () => {
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc2#1"));
    const place = box.getAttribute("transform");
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const opened = await shown(() => frame("fc2#1"));
    expect(opened.getAttribute("transform")).toBe(place);
    expect(seen("fc2#1/weight:0")).not.toBeNull();
    const bar = opened.querySelector("[aria-expanded=true]");
    bar?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    const folded = await shown(() => seen("fc2#1"));
    expect(folded.getAttribute("transform")).toBe(place);
    expect(folded.getAttribute("aria-expanded")).toBe("false");
  });

  it("restores its state when the output is displayed again", async () => {
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc2#1"));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await shown(() => frame("fc2#1"));
    close();
    close = drawGraph(root, session);
    await shown(() => frame("fc2#1"));
  });

  it("updates colours with new values, without a new layout or new elements", async () => {
    session.tell(perceptron().graph());
    const box = (await shown(() => seen("fc1#1"))) as SVGGElement;
    const before = box.style.getPropertyValue("--labkit-heat");
    const made = layouts;
    session.tell(session.graph, 0.05);
    expect(box.style.getPropertyValue("--labkit-heat")).not.toBe(before);
    expect(seen("fc1#1")).toBe(box);
    expect(layouts).toBe(made);
    session.tell(session.graph, Number.NaN);
    expect(box.classList.contains("labkit-graph-broken")).toBe(true);
  });

  it("shows where the structure changed, returns to earlier structures, and lists the differences", async () => {
    const before = perceptron().graph("one");
    const after = perceptron().op("#1/dropout:0").graph("two");
    session.past.set("one", before);
    session.tell(before);
    await shown(() => seen("fc1#1"));
    expect(root.querySelector<HTMLElement>(".labkit-graph-timeline")?.hidden).toBe(true);
    const structures = [
      { signature: "one", first: 1, last: 40, title: "5 × GRUCell" },
      { signature: "two", first: 41, last: 60, title: "7 × GRUCell" },
    ];
    session.state = stateOf({ step: 60, structures });
    session.tell(after);
    const added = await shown(() => seen("#1/dropout:0"));
    expect(added.classList.contains("labkit-graph-new")).toBe(true);
    expect(root.textContent).toContain("1 new");
    const [first] = root.querySelectorAll<HTMLElement>(".labkit-graph-spans button");
    expect(first?.title).toBe("Structure A, 5 × GRUCell, seen from step 1 to 40");
    const length = () => root.querySelector(".labkit-graph-length")?.textContent;
    expect(length()).toBe("7 × GRUCell");
    first?.click();
    const isRemoved = () => seen("#1/dropout:0")?.classList.contains("labkit-graph-removed");
    await vi.waitFor(() => expect(isRemoved()).toBe(true));
    expect(root.textContent).toContain("1 gone");
    expect(length()).toBe("5 × GRUCell");
    session.tell(after);
    expect(isRemoved()).toBe(true);
    root.querySelector<HTMLElement>(".labkit-graph-timeline > button")?.click();
    await vi.waitFor(() => expect(isRemoved()).toBe(false));
    expect(seen("#1/dropout:0")?.classList.contains("labkit-graph-new")).toBe(true);
  });

  it("names sizes that vary, and marks no box as changed", async () => {
    const sample = () => new Sample().module("#1", null).op("#1/addmm:0").op("#1/relu:0");
    session.tell(sample().graph());
    const before = await shown(() => seen("#1/relu:0"));
    expect(before.textContent).toContain("4×2");
    session.tell(
      sample()
        .varying(["N", "2"], { N: [4, 1] })
        .graph(),
    );
    await vi.waitFor(() => expect(seen("#1/relu:0")?.textContent).toContain("N×2"));
    expect(root.textContent).toContain("Sizes vary: N is 4 or 1.");
    expect(root.querySelector(".labkit-graph-reshaped, .labkit-graph-new")).toBeNull();
  });

  it("finds a parameter, opens the enclosing modules, and dims unconnected boxes", async () => {
    session.tell(perceptron().op("/aside:0").graph());
    await shown(() => seen("fc1#1"));
    const field = root.querySelector<HTMLInputElement>("input[type=search]");
    if (!field) throw new Error("there is no field");
    field.value = "fc1.weight";
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    const found = await shown(() => seen("fc1#1/weight:0"));
    await vi.waitFor(() => expect(root.textContent).toContain("1 of 1: fc1/weight:0"));
    expect(found.classList.contains("labkit-graph-faded")).toBe(false);
    expect(seen("/aside:0")?.classList.contains("labkit-graph-faded")).toBe(true);
    found.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(root.querySelector(".labkit-graph-faded")).toBeNull();
    field.value = "nothing";
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(root.textContent).toContain("Nothing in this graph is called “nothing”.");
  });

  it("leaves modules open when the structure changes", async () => {
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc1#1"));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await shown(() => frame("fc1#1"));
    session.tell(perceptron().op("/more:0", "/mse:0").graph("two"));
    await shown(() => seen("/more:0"));
    expect(frame("fc1#1")).not.toBeNull();
  });

  it("lists the modules of a graph that is too large to draw", () => {
    const large = new Sample().module("a#1", null);
    large.op("a#1/mul:0");
    for (let index = 0; index < 1500; index += 1) large.op(`/op${index}:0`);
    session.tell(large.graph());
    expect(root.textContent).toContain("too large to lay out");
    expect(frame("a#1")?.textContent).toContain("Block");
  });

  it("does not interpret names as markup", async () => {
    const name = '<img src=x onerror="alert(1)">&';
    session.tell(new Sample().module(`${name}#1`, null).op(`${name}#1/mul:0`).graph());
    const opened = await shown(() => frame(`${name}#1`));
    expect(opened.getAttribute("data-labkit-module")).toContain(name);
    expect(root.querySelector("img")).toBeNull();
  });

  it("removes its elements and listeners when it is closed", async () => {
    session.tell(perceptron().graph());
    await shown(() => seen("fc1#1"));
    close();
    expect(session.listeners.size).toBe(0);
    expect(workers.every(({ terminated }) => terminated)).toBe(true);
    expect(root.childElementCount).toBe(0);
  });

  it("shows the facts and values of a parameter in the details panel", async () => {
    const statistics = {
      shape: [2, 3],
      dtype: "float32",
      step: null,
      sampled: null,
      minimum: -1,
      maximum: 2,
      mean: 0.25,
      standardDeviation: 0.5,
      zeros: 3,
      notFinite: 0,
      edges: Float64Array.of(-1, 0, 1, 2),
      counts: Float64Array.of(1, 4, 1),
    };
    session.inspect.mockResolvedValue(inspected({ value: statistics }));
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc1#1"));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const weight = await shown(() => seen("fc1#1/weight:0"));
    weight.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const panel = root.querySelector<HTMLElement>("aside");
    expect(panel?.hidden).toBe(false);
    expect(panel?.textContent).toContain("fc1.weight");
    await vi.waitFor(() => expect(panel?.textContent).toContain("0.250 ± 0.500"));
    expect(session.inspect).toHaveBeenCalledWith("fc1.weight");
    expect(panel?.querySelectorAll("svg rect")).toHaveLength(3);
    expect(panel?.textContent).toContain("Exactly zero3");
    panel?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(panel?.hidden).toBe(true);
  });

  it("shows the facts beside the stage, of the selected box if the panel is opened with its button", async () => {
    session.tell(perceptron().graph());
    await shown(() => seen("fc1#1"));
    session.select("/mse:0");
    await shown(() => root.querySelector(".labkit-graph-selected"));
    const button = [...root.querySelectorAll("button")].find((b) => b.textContent === "Details");
    button?.click();
    const panel = root.querySelector("aside");
    expect(panel?.textContent).toContain("Operationmse");
    expect(panel?.parentElement?.contains(root.querySelector(".labkit-graph-stage"))).toBe(true);
    expect(root.querySelector(".labkit-graph-pane aside")).toBeNull();
  });

  it("hides the card of a box on a click, until the pointer moves", async () => {
    session.tell(perceptron().graph());
    const box = await shown(() => seen("/mse:0"));
    const card = root.querySelector<HTMLElement>("[role=tooltip]");
    const point = (type: string, clientX: number) =>
      box.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX }));
    point("pointerover", 40);
    expect(card?.hidden).toBe(false);
    point("click", 40);
    point("pointerover", 41);
    expect(card?.hidden).toBe(true);
    point("pointerover", 60);
    expect(card?.hidden).toBe(false);
  });

  it("shows why there was no reply, and repeats the request on a click", async () => {
    session.inspect.mockResolvedValue(inspected({ answered: false, reason: "No answer came." }));
    session.tell(perceptron().graph());
    const box = await shown(() => seen("fc1#1"));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const weight = await shown(() => seen("fc1#1/weight:0"));
    weight.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const panel = root.querySelector<HTMLElement>("aside");
    await vi.waitFor(() => expect(panel?.textContent).toContain("No answer came."));
    const callCount = session.inspect.mock.calls.length;
    session.tell(perceptron().graph());
    expect(session.inspect).toHaveBeenCalledTimes(callCount);
    session.inspect.mockResolvedValue(
      inspected({
        reason: "No step has ended: this is what was recorded before.",
        norms: [{ kind: "weight_norm", step: 1200, value: 1.5 }],
      }),
    );
    [...(panel?.querySelectorAll("button") ?? [])]
      .find((each) => each.textContent === "Ask again")
      ?.click();
    await vi.waitFor(() => expect(panel?.textContent).toContain("Weight norm1.50 at step 1,200"));
    expect(panel?.textContent).toContain("No step has ended");
    expect(panel?.textContent).not.toContain("Ask again");
  });

  it("switches names and arrows to the backward direction", async () => {
    session.tell(perceptron().graph());
    await shown(() => seen("/mse:0"));
    choose("Side of the boxes", "backward");
    await vi.waitFor(() => expect(seen("/mse:0")?.textContent).toContain("mseBackward0"));
    const arrow = root.querySelector("path.labkit-graph-edge");
    expect(arrow?.getAttribute("marker-end")).toBe("none");
    expect(arrow?.getAttribute("marker-start")).toContain("url(#");
    choose("Side of the boxes", "both");
    await vi.waitFor(() => expect(seen("/mse:0")?.textContent).toContain("4×2 · mseBackward0"));
  });

  it("colours by the selected quantity, and explains it", async () => {
    session.tell(perceptron().graph());
    const box = (await shown(() => seen("fc1#1"))) as SVGGElement;
    const byNorm = box.style.getPropertyValue("--labkit-heat");
    expect(byNorm).not.toBe("");
    const arrow = root.querySelector<SVGElement>("path.labkit-graph-edge");
    expect(arrow?.style.getPropertyValue("--labkit-heat")).not.toBe("");
    choose("Colour by", "output_bytes");
    expect(box.style.getPropertyValue("--labkit-heat")).not.toBe(byNorm);
    expect(root.querySelector(".labkit-graph-legend")?.textContent).toMatch(/10 B1 kB/);
    choose("Colour by", "forward_flops");
    expect(root.querySelector(".labkit-graph-legend")?.textContent).toMatch(/10 FLOP1 kFLOP/);
    choose("Colour by", "");
    expect(box.style.getPropertyValue("--labkit-heat")).toBe("");
  });

  it("says that a parameter was frozen, and shows no gradient norm of before", async () => {
    session.frozen = new Set(["fc1.weight"]);
    session.tell(perceptron().graph());
    const open = async (id: string) => {
      (await shown(() => seen(id))).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    };
    await open("fc1#1");
    await open("fc1#1/weight:0");
    const panel = root.querySelector("aside")?.textContent;
    expect(panel).toContain("no gradient is computed for it");
    expect(panel).not.toContain("Gradient norm");
  });

  it("copies the drawing as Graphviz source", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", {
      clipboard: { writeText: async (text: string) => void written.push(text) },
    });
    session.tell(perceptron().graph());
    await shown(() => seen("fc1#1"));
    choose("Copy the picture as", "DOT");
    await vi.waitFor(() => expect(root.textContent).toContain("on the clipboard, as DOT"));
    const svgs = graphviz.layout(written[0] ?? "", "svg", "dot");
    for (const name of ["Net", "fc1", "fc2", "relu", "mse"]) expect(svgs).toContain(name);
  });

  it("does not move the visible part when the structure changes", async () => {
    session.tell(perceptron().graph());
    await shown(() => seen("fc1#1"));
    root.querySelector<HTMLElement>("button[title='Zoom in']")?.click();
    const places = () =>
      new Map(
        [...root.querySelectorAll("[data-labkit-node]")].map((box) => [
          box.getAttribute("data-labkit-node"),
          box.getAttribute("transform"),
        ]),
      );
    const before = places();
    session.tell(
      new Sample()
        .op("/first:0")
        .op("/second:0", "/first:0")
        .op("/mse:0", "/second:0")
        .graph("two"),
    );
    await shown(() => seen("/first:0"));
    expect(places().get("/mse:0")).toBe(before.get("/mse:0"));
  });
});

function choose(name: string, value: string): void {
  const list = root.querySelector<HTMLSelectElement>(`select[aria-label="${name}"]`);
  if (!list) throw new Error(`there is no list ${name}`);
  list.value = value;
  list.dispatchEvent(new Event("change"));
}

describe("a graph that is laid out before its stage has a width", () => {
  it("is laid out anew, though the width came before the layout", async () => {
    let width = 0;
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => width);
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(300);
    session.tell(perceptron().graph());
    width = 800;
    await shown(() => seen("fc1#1"));
    const [first, last] = ["fc1#1", "fc2#1"].map((id) => seen(id)?.getAttribute("transform"));
    const rowOf = (place: string | null | undefined) => place?.match(/[ ,]([\d.]+)\)/)?.[1];
    expect(rowOf(first)).toBeDefined();
    expect(rowOf(first)).toBe(rowOf(last));
    vi.restoreAllMocks();
  });
});

describe("the selection in the graph", () => {
  const outlined = () =>
    [...root.querySelectorAll(".labkit-graph-selected")].map(
      (each) => each.getAttribute("data-labkit-node") ?? each.getAttribute("data-labkit-module"),
    );

  beforeEach(async () => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
    session.tell(perceptron().graph());
    await shown(() => seen("fc1#1"));
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("outlines a module that was selected in another view, and unfolds to a parameter", async () => {
    session.select("fc2");
    await vi.waitFor(() => expect(outlined()).toEqual(["fc2#1"]));
    session.select("fc1.weight");
    await vi.waitFor(() => expect(outlined()).toEqual(["fc1#1/weight:0"]));
    expect(seen("fc2#1")?.classList.contains("labkit-graph-faded")).toBe(false);
    session.select(null);
    await vi.waitFor(() => expect(outlined()).toEqual([]));
  });

  it("outlines the module of a parameter that the graph lacks, and says if there is none", async () => {
    session.select("fc2.bias");
    await vi.waitFor(() => expect(outlined()).toEqual(["fc2#1"]));
    session.select("other.weight");
    await vi.waitFor(() => expect(root.textContent).toContain("The graph has no “other.weight”."));
    expect(outlined()).toEqual([]);
  });

  it("is made by a click on a box or by unfolding a module, and taken back by a second", async () => {
    const click = (element: Element | null) =>
      element?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    click(seen("#1/relu:0"));
    expect(session.selected).toBe("#1/relu:0");
    click(seen("#1/relu:0"));
    expect(session.selected).toBeNull();
    click(seen("fc1#1"));
    expect(session.selected).toBe("fc1");
    await vi.waitFor(() => expect(outlined()).toEqual(["fc1#1"]));
    click(frame("fc1#1")?.querySelector("[role=button]") ?? null);
    expect(session.selected).toBeNull();
  });
});
