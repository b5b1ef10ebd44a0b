import { describe, expect, it } from "vitest";
import { Labels } from "../../../src/views/graph/model/labels";
import { visibleGraph } from "../../../src/views/graph/model/visible-graph";
import { CollapsibleGraph } from "../../../src/views/graph/repeats/collapse";
import { Sample } from "./sample";

/** Returns a stack of blocks, each with a parameter and two operations, and a loss. */
function stack(blocks: number): Sample {
  const made = new Sample().module("#1", null).op("#1/embed:0");
  let last = "#1/embed:0";
  for (let block = 0; block < blocks; block += 1) {
    const id = `h.${block}#1`;
    made.module(id, "#1").parameter(`${id}/weight:0`, `h.${block}.weight`);
    made.op(`${id}/mm:0`, last, `${id}/weight:0`).op(`${id}/add:0`, `${id}/mm:0`, last);
    last = `${id}/add:0`;
  }
  return made.op("/mean:0", last).output("/loss:0", "/mean:0");
}

/** Returns a cell that is called repeatedly, with its weight in the first call. */
function recurrence(passes: number): Sample {
  const made = new Sample().module("#1", null);
  for (let pass = 1; pass <= passes; pass += 1) {
    const id = `cell#${pass}`;
    made.module(id, "#1");
    if (pass === 1) made.parameter("cell#1/weight:0", "cell.weight");
    made.op(`${id}/mm:0`, "cell#1/weight:0", ...(pass > 1 ? [`cell#${pass - 1}/tanh:0`] : []));
    made.op(`${id}/tanh:0`, `${id}/mm:0`);
  }
  return made.output("/loss:0", `cell#${passes}/tanh:0`);
}

function named(ids: Iterable<{ readonly source: string; readonly target: string }>) {
  return [...ids].map(({ source, target }) => `${source} -> ${target}`);
}

describe("repeated blocks", () => {
  it("are drawn as one block with a count", () => {
    const { graph, repeats } = new CollapsibleGraph(stack(12).graph()).collapse(new Map());
    expect(repeats).toEqual([
      { key: "h.0#1", box: "h.0#1", passes: 12, pass: 0, typical: 0, label: "Block" },
    ]);
    expect(graph.nodes.map((node) => node.id)).toEqual([
      "#1/embed:0",
      "h.0#1/weight:0",
      "h.0#1/mm:0",
      "h.0#1/add:0",
      "/mean:0",
      "/loss:0",
    ]);
    expect(graph.modules.find(({ id }) => id === "h.0#1")?.repeat?.passes).toBe(12);
  });

  it("have the edges from before the first and after the last block, and a loop between blocks", () => {
    const { graph } = new CollapsibleGraph(stack(12).graph()).collapse(new Map([["h.0#1", 5]]));
    expect(new Set(named(graph.edges.filter((edge) => !edge.loop)))).toEqual(
      new Set([
        "#1/embed:0 -> h.0#1/mm:0",
        "h.0#1/weight:0 -> h.0#1/mm:0",
        "h.0#1/mm:0 -> h.0#1/add:0",
        "#1/embed:0 -> h.0#1/add:0",
        "h.0#1/add:0 -> /mean:0",
        "/mean:0 -> /loss:0",
      ]),
    );
    expect(named(graph.edges.filter((edge) => edge.loop))).toEqual(["h.0#1/add:0 -> h.0#1/mm:0"]);
  });

  it("have the same ids for every pass, and the names of the selected pass", () => {
    const collapsible = new CollapsibleGraph(stack(12).graph());
    const [first, fifth] = [
      collapsible.collapse(new Map()),
      collapsible.collapse(new Map([["h.0#1", 4]])),
    ];
    const ids = ({ graph }: typeof first) => graph.nodes.map((node) => node.id);
    expect(ids(fifth)).toEqual(ids(first));
    const weight = fifth.graph.nodes.find((node) => node.kind === "parameter");
    expect(weight?.parameters).toEqual(["h.4.weight"]);
    expect(fifth.graph.modules.at(-1)?.path).toBe("h.4");
  });

  it("can be drawn completely", () => {
    const graph = stack(12).graph();
    const { graph: all, repeats } = new CollapsibleGraph(graph).collapse(
      new Map([["h.0#1", "all"]]),
    );
    expect(all.nodes.map((node) => node.id)).toEqual(graph.nodes.map((node) => node.id));
    expect(repeats[0]?.pass).toBeNull();
  });

  it("are not collapsed if there are only three", () => {
    const graph = stack(3).graph();
    expect(new CollapsibleGraph(graph).collapse(new Map()).graph).toBe(graph);
  });

  it("return the choices with which a hidden node is drawn", () => {
    const collapse = new CollapsibleGraph(stack(12).graph()).collapse(new Map());
    expect([...collapse.choicesFor("h.7#1/mm:0")]).toEqual([["h.0#1", 7]]);
    expect(collapse.drawnIdOf("h.7#1/mm:0")).toBe("h.0#1/mm:0");
  });
});

describe("a cell that is called repeatedly", () => {
  it("has its weight in every pass", () => {
    const collapsible = new CollapsibleGraph(recurrence(20).graph());
    for (const pass of [0, 9, 19]) {
      const { graph, repeats } = collapsible.collapse(new Map([["cell#1", pass]]));
      expect(repeats[0]).toMatchObject({ passes: 20, pass });
      expect(graph.nodes.map((node) => node.id)).toEqual([
        "cell#1/weight:0",
        "cell#1/mm:0",
        "cell#1/tanh:0",
        "/loss:0",
      ]);
      expect(graph.modules.find(({ id }) => id === "cell#1")?.call).toBe(pass + 1);
    }
  });

  it("has the same boxes for any number of passes", () => {
    const ids = (passes: number) =>
      new CollapsibleGraph(recurrence(passes).graph())
        .collapse(new Map())
        .graph.nodes.map(({ id }) => id);
    expect(ids(7)).toEqual(ids(50));
  });
});

describe("repeated operations outside modules", () => {
  it("are collapsed into a box", () => {
    const made = new Sample().parameter("/w:0", "w").op("/start:0", "/w:0");
    let last = "/start:0";
    for (let pass = 0; pass < 6; pass += 1) {
      made.op(`/mul:${pass}`, last, "/w:0").op(`/sin:${pass}`, `/mul:${pass}`);
      last = `/sin:${pass}`;
    }
    const { graph, repeats } = new CollapsibleGraph(made.output("/loss:0", last).graph()).collapse(
      new Map(),
    );
    expect(repeats[0]).toMatchObject({ passes: 6, label: "mul, sin", box: "/mul:0/passes" });
    const seen = visibleGraph(graph, new Set(["/mul:0/passes"]));
    expect(seen.containers.map(({ id }) => id)).toEqual(["/mul:0/passes"]);
    expect(seen.items.map(({ id }) => id)).toEqual([
      "/w:0",
      "/start:0",
      "/mul:0",
      "/sin:0",
      "/loss:0",
    ]);
  });

  it("are not collapsed for a few passes of a single operation", () => {
    const made = new Sample().op("/add:0");
    for (let place = 1; place < 6; place += 1) made.op(`/add:${place}`, `/add:${place - 1}`);
    const graph = made.graph();
    expect(new CollapsibleGraph(graph).collapse(new Map()).graph).toBe(graph);
  });
});

/** Four stages of five blocks each. */
function stages(): Sample {
  const made = new Sample().module("#1", null);
  let last = "#1/embed:0";
  made.op(last);
  for (let outer = 0; outer < 4; outer += 1) {
    made.module(`s.${outer}#1`, "#1");
    for (let inner = 0; inner < 5; inner += 1) {
      const id = `s.${outer}.b.${inner}#1`;
      made.module(id, `s.${outer}#1`).parameter(`${id}/weight:0`, `s.${outer}.b.${inner}.weight`);
      made.op(`${id}/mm:0`, last, `${id}/weight:0`).op(`${id}/exp:0`, `${id}/mm:0`);
      last = `${id}/exp:0`;
    }
  }
  return made.output("/loss:0", last);
}

describe("nested blocks", () => {
  it("are collapsed inside the selected pass", () => {
    const collapse = new CollapsibleGraph(stages().graph()).collapse(new Map([["s.0#1", 2]]));
    expect(collapse.repeats.map(({ passes }) => passes).sort()).toEqual([4, 5]);
    expect(collapse.graph.nodes.map((node) => node.id)).toEqual([
      "#1/embed:0",
      "s.0.b.0#1/weight:0",
      "s.0.b.0#1/mm:0",
      "s.0.b.0#1/exp:0",
      "/loss:0",
    ]);
    expect([...collapse.choicesFor("s.2.b.3#1/mm:0")]).toEqual([
      ["s.0#1", 2],
      ["s.0.b.0#1", 3],
    ]);
  });
});

interface LoopOptions {
  /** Whether the first pass has no state, which the others add to their input. */
  readonly startsWithoutState?: boolean;
  /** Whether the first call of the cell has an operation fewer. */
  readonly firstCallIsShorter?: boolean;
  readonly head?: boolean;
}

/** Returns a cell with a head that are called in turn, and a sum of what the head returns. */
function decoder(passes: number, options: LoopOptions = {}): Sample {
  const made = new Sample().module("#1", null);
  let state = "";
  const outputs: string[] = [];
  for (let pass = 1; pass <= passes; pass += 1) {
    const [cell, head] = [`cell#${pass}`, `head#${pass}`];
    const input = `#1/select:${pass}`;
    made.op(input);
    if (!options.startsWithoutState || pass > 1) made.op(`#1/add:${pass}`, input, state);
    made.module(cell, "#1", 9);
    if (pass === 1) made.parameter("cell#1/weight:0", "cell.weight");
    if (!options.firstCallIsShorter || pass > 1) made.op(`${cell}/mul:0`, state);
    made.op(`${cell}/mm:0`, input, "cell#1/weight:0").op(`${cell}/tanh:0`, `${cell}/mm:0`);
    state = `${cell}/tanh:0`;
    if (options.head === false) continue;
    made.module(head, "#1", 4).op(`${head}/addmm:0`, state);
    outputs.push(`${head}/addmm:0`);
  }
  return made.op("#1/stack:0", ...outputs, state).output("/loss:0", "#1/stack:0");
}

describe("a loop", () => {
  const folded = (sample: Sample) => new CollapsibleGraph(sample.graph()).collapse(new Map());
  const boxes = ({ graph }: ReturnType<typeof folded>, ...open: string[]) =>
    visibleGraph(graph, new Set(["#1", ...open])).items.map(({ id }) => id);

  it("of three passes is one box", () => {
    const collapse = folded(decoder(3));
    expect(collapse.repeats).toMatchObject([
      { passes: 3, label: "Block, Block, select and 1 more" },
    ]);
    expect(boxes(collapse)).toEqual(["cell#1/passes", "#1/stack:0", "/loss:0"]);
    const open = boxes(collapse, "cell#1/passes");
    expect(open).toEqual(["#1/select:1", "#1/add:1", "cell#1", "head#1", "#1/stack:0", "/loss:0"]);
  });

  it("is one box if its first pass lacks an operation", () => {
    const collapse = folded(decoder(10, { startsWithoutState: true }));
    expect(collapse.repeats).toMatchObject([{ passes: 10, pass: 1, key: "cell#1" }]);
    expect(boxes(collapse)).toEqual(["cell#1/passes", "#1/stack:0", "/loss:0"]);
    expect(collapse.graph.edges.filter(({ loop }) => loop).length).toBeGreaterThan(0);
  });

  it("is one box if its first call lacks an operation", () => {
    const sample = decoder(10, { firstCallIsShorter: true });
    const collapse = folded(sample);
    expect(collapse.repeats).toMatchObject([{ passes: 10, pass: 1 }]);
    const cell = boxes(collapse, "cell#1/passes", "cell#1");
    expect(cell).toContain("cell#2/mul:0");
    expect(cell.filter((id) => id.startsWith("cell#1/"))).toEqual([
      "cell#1/weight:0",
      "cell#1/mm:0",
      "cell#1/tanh:0",
    ]);
  });

  it("has the same boxes for any number of passes", () => {
    expect(boxes(folded(decoder(7)), "cell#1/passes")).toEqual(
      boxes(folded(decoder(40)), "cell#1/passes"),
    );
  });

  it("is followed by another one", () => {
    const made = decoder(5, { head: false });
    let state = "#1/stack:0";
    for (let pass = 1; pass <= 4; pass += 1) {
      made.module(`out#${pass}`, "#1", 9).op(`out#${pass}/mm:0`, state);
      state = `out#${pass}/mm:0`;
    }
    const { repeats } = folded(made);
    expect(repeats.map(({ key, passes }) => [key, passes])).toEqual([
      ["cell#1", 5],
      ["out#1", 4],
    ]);
  });

  it("has a name without the number of the call", () => {
    const { graph } = folded(recurrence(9));
    const shown = new CollapsibleGraph(recurrence(9).graph()).collapse(new Map([["cell#1", 4]]));
    const cell = shown.graph.modules.find(({ id }) => id === "cell#1");
    expect(cell && new Labels(graph).ofModule(cell)).toMatchObject({ title: "cell", badge: "×9" });
  });

  it.each([
    ["a module without weights", 0],
    ["a module with weights between others of different kinds", 4],
  ])("is not made of %s", (_, parameters) => {
    const made = new Sample().module("#1", null);
    let last = "#1/start:0";
    made.op(last);
    for (const [place, op] of ["conv", "pool", "linear"].entries()) {
      made.op(`#1/${op}:0`, last);
      const id = `norm#${place + 1}`;
      made.module(id, "#1", parameters).op(`${id}/norm:0`, `#1/${op}:0`);
      last = `${id}/norm:0`;
    }
    expect(folded(made).repeats).toEqual([]);
  });

  it("leaves a failed call outside", () => {
    const made = decoder(5, { head: false }).module("cell#6", "#1", 9);
    made.failed("cell#6/mm:0", "shapes do not fit", "cell#5/tanh:0");
    const collapse = folded(made);
    expect(collapse.repeats).toMatchObject([{ passes: 5 }]);
    expect(boxes(collapse)).toContain("cell#6");
  });
});

describe("every repeat", () => {
  it.each([
    ["a stack", stack(12)],
    ["a recurrence", recurrence(9)],
    ["stages", stages()],
    ["a loop", decoder(6)],
    ["a loop with another first pass", decoder(6, { startsWithoutState: true })],
    ["a loop with another first call", decoder(6, { firstCallIsShorter: true })],
  ])("can show each of its passes: %s", (_, sample) => {
    const whole = sample.graph();
    const collapsible = new CollapsibleGraph(whole);
    const folded = collapsible.collapse(new Map());
    expect(folded.graph.nodes.length).toBeLessThan(whole.nodes.length);
    for (const node of whole.nodes) {
      const collapse = collapsible.collapse(folded.choicesFor(node.id));
      const { graph } = collapse;
      const ids = graph.nodes.map(({ id }) => id);
      expect(ids).toContain(collapse.drawnIdOf(node.id));
      expect(collapse.recordedIdOf(collapse.drawnIdOf(node.id))).toBe(node.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const edge of graph.edges)
        expect(ids).toEqual(expect.arrayContaining([edge.source, edge.target]));
    }
  });
});
