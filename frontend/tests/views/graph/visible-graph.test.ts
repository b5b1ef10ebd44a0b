import { describe, expect, it } from "vitest";
import {
  countVisible,
  initiallyOpen,
  visibleGraph,
} from "../../../src/views/graph/model/visible-graph";
import { perceptron, Sample } from "./sample";

const ids = (items: readonly { readonly id: string }[]) => items.map((item) => item.id);
const arrows = (edges: readonly { readonly source: string; readonly target: string }[]) =>
  edges.map((edge) => `${edge.source} > ${edge.target}`);

describe("visibleGraph", () => {
  it("shows one box for a closed model", () => {
    const seen = visibleGraph(perceptron().graph(), new Set());
    expect(ids(seen.items)).toEqual(["#1", "/mse:0", "/loss:0"]);
    expect(seen.containers).toEqual([]);
    expect(arrows(seen.edges)).toEqual(["#1 > /mse:0", "/mse:0 > /loss:0"]);
  });

  it("shows the modules of an open model in the order of execution", () => {
    const seen = visibleGraph(perceptron().graph(), new Set(["#1"]));
    expect(ids(seen.items)).toEqual(["fc1#1", "#1/relu:0", "fc2#1", "/mse:0", "/loss:0"]);
    expect(seen.items[0]).toMatchObject({ kind: "module", container: "#1" });
    expect(seen.items[3]).toMatchObject({ kind: "op", container: null });
    expect(ids(seen.containers)).toEqual(["#1"]);
  });

  it("shows the operations and parameters of an open module", () => {
    const seen = visibleGraph(perceptron().graph(), new Set(["#1", "fc1#1"]));
    const inside = seen.items.filter((item) => item.container === "fc1#1");
    expect(inside.map((item) => item.kind)).toEqual(["parameter", "op", "op"]);
    expect(seen.containers).toMatchObject([
      { id: "#1", container: null },
      { id: "fc1#1", container: "#1" },
    ]);
    expect(countVisible(seen)).toBe(9);
  });

  it("folds open modules inside a closed module", () => {
    const seen = visibleGraph(perceptron().graph(), new Set(["fc1#1"]));
    expect(ids(seen.items)).toEqual(["#1", "/mse:0", "/loss:0"]);
  });

  it("merges edges between the same two boxes and counts them", () => {
    const graph = new Sample()
      .module("a#1", null)
      .module("b#1", null)
      .op("a#1/mul:0")
      .op("a#1/mul:1")
      .op("b#1/add:0", "a#1/mul:0", "a#1/mul:1")
      .graph();
    const { edges } = visibleGraph(graph, new Set());
    expect(edges).toMatchObject([{ source: "a#1", target: "b#1", count: 2, shape: [4, 2] }]);
  });

  it("draws each call of a module, without arrows for shared weights", () => {
    const graph = new Sample()
      .module("cell#1", null)
      .module("cell#2", null)
      .module("cell#3", null)
      .parameter("cell#1/weight:0", "cell.weight")
      .op("cell#1/mm:0", "cell#1/weight:0")
      .op("cell#2/mm:0", "cell#1/mm:0", "cell#1/weight:0")
      .op("cell#3/mm:0", "cell#2/mm:0", "cell#1/weight:0")
      .graph();
    const folded = visibleGraph(graph, new Set());
    expect(arrows(folded.edges)).toEqual(["cell#1 > cell#2", "cell#2 > cell#3"]);
    const opened = visibleGraph(graph, new Set(["cell#1"]));
    expect(arrows(opened.edges)).toContain("cell#1/weight:0 > cell#3");
  });

  it("marks an arrow for a parameter of another module", () => {
    const graph = new Sample()
      .module("wte#1", null)
      .module("head#1", null)
      .parameter("wte#1/weight:0", "wte.weight", "head.weight")
      .op("wte#1/embedding:0", "wte#1/weight:0")
      .op("/relu:0", "wte#1/embedding:0")
      .op("head#1/mm:0", "/relu:0", "wte#1/weight:0")
      .graph();
    const { edges } = visibleGraph(graph, new Set());
    const shared = edges.filter((edge) => edge.shared);
    expect(arrows(shared)).toEqual(["wte#1 > head#1"]);
  });

  it("accepts unknown scopes and cyclic parents", () => {
    const graph = new Sample()
      .module("a#1", "b#1")
      .module("b#1", "a#1")
      .op("a#1/mul:0")
      .op("nowhere#1/mul:0", "a#1/mul:0", "missing")
      .graph();
    const seen = visibleGraph(graph, new Set());
    expect(seen.items).toHaveLength(2);
    expect(seen.edges).toHaveLength(1);
  });
});

describe("initiallyOpen", () => {
  it("opens the model and leaves its modules closed", () => {
    expect([...initiallyOpen(perceptron().graph())]).toEqual(["#1"]);
  });

  it("leaves the model closed if its modules are too many to draw", () => {
    const large = new Sample().module("#1", null);
    for (let index = 0; index < 1500; index += 1) large.op(`#1/mul:${index}`);
    expect([...initiallyOpen(large.graph())]).toEqual([]);
  });
});
