import { describe, expect, it } from "vitest";
import { Labels } from "../../../src/views/graph/model/labels";
import * as text from "../../../src/views/graph/structure/text";
import { perceptron, Sample } from "./sample";

describe("text", () => {
  it.each([
    [[64, 128], "64×128"],
    [[], "scalar"],
    [null, ""],
  ])("formats the shape %j as %s", (shape, words) => {
    expect(text.shapeText(shape)).toBe(words);
  });

  it.each([
    [950, "950"],
    [999_600, "1M"],
    [1200, "1.2k"],
    [109_386, "109k"],
    [25_600_000, "25.6M"],
  ])("shortens %d to %s", (count, words) => {
    expect(text.shortCount(count)).toBe(words);
  });

  it("formats bytes in binary units", () => {
    expect(text.bytesText(512)).toBe("512 B");
    expect(text.bytesText(1536)).toBe("1.5 KiB");
    expect(text.bytesText(32 * 1024 ** 2)).toBe("32 MiB");
  });

  it("formats norms of any size", () => {
    expect([0, 0.0123, 1e-7, 123456].map(text.normText)).toEqual([
      "0",
      "0.0123",
      "1.0e-7",
      "1.2e+5",
    ]);
    expect(text.normText(Number.NaN)).toBe("not a number");
    expect(text.normText(Number.POSITIVE_INFINITY)).toBe("infinite");
  });

  it.each([
    ["encoder.fc1", "fc1"],
    ["encoder.layers.0", "layers.0"],
    ["h.0.1", "h.0.1"],
    ["0", "0"],
  ])("names %s by %s", (path, name) => {
    expect(text.lastName(path)).toBe(name);
  });
});

describe("Labels", () => {
  const graph = perceptron().graph();
  const labels = new Labels(graph);

  it("summarise the graph", () => {
    expect(labels.summary()).toBe("Computation graph of Net: 2 modules, 5 operations");
  });

  it("contain the type, output and parameters of a module", () => {
    const [model, first] = graph.modules;
    expect(model && labels.ofModule(model)).toMatchObject({ title: "Net", badge: "12 params" });
    expect(first && labels.ofModule(first)).toEqual({
      title: "fc1",
      subtitle: "Block · 4×2",
      badge: "6 params",
    });
  });

  it("say how many parameters of a module are frozen", () => {
    const [model, first] = graph.modules;
    if (!model || !first) throw new Error("no modules");
    expect(labels.ofModule({ ...model, frozen: 6 }).badge).toBe("12 params · 6 frozen");
    expect(labels.ofModule({ ...first, frozen: 6 }).badge).toBe("6 params · frozen");
    expect(labels.factsOfModule({ ...first, frozen: 6 })).toContainEqual([
      "Frozen",
      "all parameters: no gradient is computed for them",
    ]);
  });

  it("have the class beside a number, and once only", () => {
    const graph = new Sample()
      .module("#1", null)
      .module("layers.0#1", "#1", 6)
      .module("layers.0#2", "#1", 6)
      .op("layers.0#1/addmm:0")
      .op("layers.0#2/addmm:0", "layers.0#1/addmm:0")
      .graph();
    const numbered = new Labels(graph);
    const [, first, second] = graph.modules;
    expect(first && numbered.ofModule(first)).toMatchObject({
      title: "layers.0 · Block",
      subtitle: "4×2",
    });
    expect(second && numbered.ofModule(second).title).toBe("layers.0 · Block (call 2)");
  });
});

describe("a node with a role", () => {
  it("says what its result is in its box and its facts", () => {
    const graph = new Sample().op("/softmax:0").role("attention weights").graph();
    const [node] = graph.nodes;
    if (!node) throw new Error("no node");
    const item = { kind: "op", id: node.id, container: null, node } as const;
    const labels = new Labels(graph);
    expect(labels.ofItem(item)).toMatchObject({
      title: "softmax",
      subtitle: "attention weights · 4×2",
    });
    expect(labels.factsOfItem(item)).toContainEqual(["Result", "attention weights"]);
  });
});

describe("siText", () => {
  it("formats a number with an SI prefix", () => {
    const written = [0, 950, 1000, 2_500_000].map((value) => text.siText(value, "B"));
    expect(written).toEqual(["0 B", "950 B", "1 kB", "2.5 MB"]);
    expect([1.5, 0.001, 0.00025].map((value) => text.siText(value, "s"))).toEqual([
      "1.5 s",
      "1 ms",
      "250 µs",
    ]);
  });
});
