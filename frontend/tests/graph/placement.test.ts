import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { beforeAll, describe, expect, it } from "vitest";
import { type Direction, dotSource } from "../../src/graph/dot";
import { visibleGraph } from "../../src/graph/fold";
import {
  type Placement,
  pathOf,
  type Rect,
  readPlacement,
  shifted,
} from "../../src/graph/placement";
import { perceptron, Sample } from "./sample";

let graphviz: Graphviz;

beforeAll(async () => {
  graphviz = await Graphviz.load();
});

const open = new Set(["#1", "fc1#1"]);

function place(sample: Sample, direction: Direction): Placement {
  const visible = visibleGraph(sample.graph(), open);
  const everything = [...visible.items, ...visible.containers];
  const sizes = new Map(everything.map(({ id }) => [id, { width: 100, height: 30 }]));
  const source = dotSource(visible, sizes, direction);
  return readPlacement(graphviz.layout(source.text, "json", "dot"), source);
}

function rect(placement: Placement, id: string): Rect {
  const box = placement.boxes.get(id);
  if (!box) throw new Error(`${id} was not placed`);
  return box;
}

function holds(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

describe("dotSource", () => {
  it("holds none of the graph's own words", () => {
    const evil = '"]; evil -> x; <b>&"/relu:0';
    const sample = new Sample().op(evil).op("/mul:0", evil);
    const visible = visibleGraph(sample.graph(), new Set());
    const sizes = new Map(visible.items.map(({ id }) => [id, { width: 10, height: 10 }]));
    const source = dotSource(visible, sizes, "LR");
    expect(source.text).not.toContain("evil");
    expect(source.nodes).toEqual([evil, "/mul:0"]);
    expect(source.text).toContain("n0 -> n1");
  });

  it("says which size is missing", () => {
    const visible = visibleGraph(perceptron().graph(), open);
    expect(() => dotSource(visible, new Map(), "LR")).toThrow("no size was given for");
  });
});

describe("readPlacement", () => {
  it("places every box in its size, inside its frame, below the title bar", () => {
    const placement = place(perceptron(), "TB");
    const box = rect(placement, "fc1#1/addmm:0");
    const frame = rect(placement, "fc1#1");
    expect(box.width).toBeCloseTo(100, 1);
    expect(box.height).toBeCloseTo(30, 1);
    expect(holds(frame, box)).toBe(true);
    expect(holds(rect(placement, "#1"), frame)).toBe(true);
    expect(rect(placement, "fc1#1/weight:0").y - frame.y).toBeGreaterThan(30);
    expect(placement.routes).toHaveLength(6);
  });

  it.each([
    ["TB", "y"],
    ["LR", "x"],
  ] as const)("lays %s out along %s, in the order of execution", (direction, axis) => {
    const placement = place(perceptron(), direction);
    const order = ["fc1#1/addmm:0", "#1/relu:0", "fc2#1", "/mse:0", "/loss:0"];
    const places = order.map((id) => rect(placement, id)[axis]);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("ends each arrow at its target", () => {
    const placement = place(perceptron(), "TB");
    const route = placement.routes.find(({ target }) => target === "/loss:0");
    const target = rect(placement, "/loss:0");
    expect(Math.abs((route?.tip.y ?? 0) - target.y)).toBeLessThan(2);
    expect(route && pathOf(route)).toMatch(/^M[\d.,-]+C[\d., -]+L[\d.,-]+$/);
  });

  it("makes the same picture of the same graph", () => {
    expect(place(perceptron(), "LR")).toEqual(place(perceptron(), "LR"));
  });

  it("can be moved", () => {
    const placement = place(perceptron(), "LR");
    const moved = shifted(placement, 5, -3);
    expect(rect(moved, "#1").x).toBeCloseTo(rect(placement, "#1").x + 5);
    expect(moved.routes[0]?.tip.y).toBeCloseTo((placement.routes[0]?.tip.y ?? 0) - 3);
  });
});
