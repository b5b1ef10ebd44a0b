import { describe, expect, it } from "vitest";
import type { GraphData } from "../../../src/messages/graph";
import { describeChange } from "../../../src/views/graph/model/difference";
import { Labels } from "../../../src/views/graph/model/labels";
import { ShownGraph } from "../../../src/views/graph/model/shown-graph";
import { sizesText } from "../../../src/views/graph/structure/text";
import { perceptron, Sample } from "./sample";

/** Returns a graph with other shapes: `resize` returns the shape of each node. */
function resized(
  graph: GraphData,
  resize: (kind: string, shape: readonly number[]) => readonly number[],
): GraphData {
  const nodes = graph.nodes.map((node) => ({
    ...node,
    shape: node.shape && resize(node.kind, node.shape),
  }));
  return { ...graph, nodes };
}

function shownAfter(before: GraphData, after: GraphData): ShownGraph {
  return ShownGraph.of(after, new Map(), "forward", ShownGraph.of(before, new Map()));
}

describe("the difference between two structures", () => {
  const before = perceptron().graph("one");
  const longer = perceptron().op("#1/dropout:0").graph("two");

  it("does not contain sizes that vary with the data", () => {
    const after = resized(longer, (kind, shape) =>
      kind === "op" ? [1, ...shape.slice(1)] : shape,
    );
    const { difference } = shownAfter(before, after);
    expect([...(difference?.reshaped ?? [])]).toEqual([]);
    expect([...(difference?.added ?? [])]).toEqual(["#1/dropout:0"]);
  });

  it("contains sizes of parameters, and the same sizes of results", () => {
    const wider = resized(longer, (_, shape) => shape.map((size) => (size === 2 ? 5 : size)));
    expect(shownAfter(before, wider).difference?.reshaped).toContain("fc1#1/weight:0");
    expect(shownAfter(before, wider).difference?.reshaped).toContain("fc1#1/addmm:0");
  });

  it("contains other numbers of dimensions", () => {
    const deeper = resized(longer, (kind, shape) => (kind === "op" ? [1, ...shape] : shape));
    expect(shownAfter(before, deeper).difference?.reshaped).toContain("fc1#1/addmm:0");
  });

  it("is unknown if the earlier graph has no modules yet", () => {
    const bare = new Sample().op("/addmm:0").graph("one");
    expect(shownAfter(bare, before).difference).toBeNull();
  });
});

describe("sizes that vary", () => {
  const graph = new Sample()
    .op("/mm:0")
    .op("/relu:0", "/mm:0")
    .varying(["10N", "M"], { N: [32, 7], M: [5, 6, 7] })
    .graph();
  const [plain, node] = graph.nodes;

  it("are written by their names", () => {
    expect([plain, node].map((each) => each && sizesText(each))).toEqual(["4×2", "10N×M"]);
    if (!node) throw new Error("no node");
    const facts = new Labels(graph).factsOfItem({ kind: "op", id: node.id, container: null, node });
    expect(facts).toContainEqual(["Shape", "10N×M"]);
    expect(facts).toContainEqual([
      "Sizes vary",
      "N is 32 or 7, M is 5, 6 or 7; costs are those of the first",
    ]);
  });

  it("are described with the graph", () => {
    const shown = ShownGraph.of(graph, new Map());
    expect(describeChange(shown)).toBe("Sizes vary: N is 32 or 7, M is 5, 6 or 7.");
    const more = ShownGraph.of({ ...graph, more_sizes: true }, new Map());
    expect(describeChange(more)).toContain("M is 5, 6, 7 or another number.");
  });
});
