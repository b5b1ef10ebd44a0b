import { describe, expect, it } from "vitest";
import { dotSource } from "../../../src/views/graph/layout/dot";
import { Levels } from "../../../src/views/graph/layout/levels";
import { shifted, svgPathOf } from "../../../src/views/graph/layout/placement";
import { visibleGraph } from "../../../src/views/graph/model/visible-graph";
import { holds, laidOut, overlap, rect, SIZE } from "./laid-out";
import { perceptron, Sample } from "./sample";

const open = new Set(["#1", "fc1#1"]);
const block = { ...SIZE, ins: new Map(), outs: new Map() };

describe("dotSource", () => {
  it("contains no text of the graph", () => {
    const evil = '"]; evil -> x; <b>&"/relu:0';
    const visible = visibleGraph(new Sample().op(evil).op("/mul:0", evil).graph(), new Set());
    const level = new Levels(visible, visible.edges).level(null);
    const blocks = new Map(visible.items.map(({ id }) => [id, block]));
    const source = dotSource(level, blocks, new Set(), "LR");
    expect(source.text).not.toContain("evil");
    expect(source.children).toEqual([evil, "/mul:0"]);
    expect(source.text).toContain("n0 -> n1");
  });

  it("throws an error with the id of the box whose size is missing", () => {
    const visible = visibleGraph(perceptron().graph(), open);
    const level = new Levels(visible, visible.edges).level(null);
    expect(() => dotSource(level, new Map(), new Set(), "LR")).toThrow("no size was given for");
  });
});

describe("the placement of levels", () => {
  it.each(["TB", "LR"] as const)(
    "has every box in its frame, below the title bar: %s",
    async (direction) => {
      const { placement } = await laidOut(perceptron(), open, direction);
      const box = rect(placement, "fc1#1/addmm:0");
      const frame = rect(placement, "fc1#1");
      expect(box.width).toBeCloseTo(100, 1);
      expect(box.height).toBeCloseTo(30, 1);
      expect(holds(frame, box)).toBe(true);
      expect(holds(rect(placement, "#1"), frame)).toBe(true);
      expect(rect(placement, "fc1#1/weight:0").y - frame.y).toBeGreaterThan(30);
      expect(overlap(frame, rect(placement, "#1/relu:0"))).toBe(false);
      expect(placement.routes).toHaveLength(6);
    },
  );

  it.each([
    ["TB", "y"],
    ["LR", "x"],
  ] as const)("lays %s out along %s, in the order of execution", async (direction, axis) => {
    const { placement } = await laidOut(perceptron(), open, direction);
    const order = ["fc1#1/addmm:0", "#1/relu:0", "fc2#1", "/mse:0", "/loss:0"];
    const places = order.map((id) => rect(placement, id)[axis]);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it.each(["TB", "LR"] as const)(
    "has arrows without gaps from source to target: %s",
    async (direction) => {
      const { placement } = await laidOut(perceptron(), open, direction);
      for (const route of placement.routes) {
        const [source, target] = [rect(placement, route.source), rect(placement, route.target)];
        const near = (box: typeof source) => ({
          x: box.x - 2,
          y: box.y - 2,
          width: box.width + 4,
          height: box.height + 4,
        });
        const [start] = route.points;
        expect(route.points.length % 3).toBe(1);
        expect(start && holds(near(source), { ...start, width: 0, height: 0 })).toBe(true);
        expect(holds(near(target), { ...route.tip, width: 0, height: 0 })).toBe(true);
        expect(svgPathOf(route)).toMatch(/^M[\d.,-]+C[\d., -]+L[\d.,-]+$/);
      }
    },
  );

  it("passes edges through the ports of a frame", async () => {
    const { placement } = await laidOut(perceptron(), open, "LR");
    const frame = rect(placement, "fc1#1");
    const out = placement.routes.find(({ target }) => target === "#1/relu:0");
    const crossing = out?.points.filter(({ x }) => Math.abs(x - frame.x - frame.width) < 20) ?? [];
    const heights = crossing.map(({ y }) => y);
    expect(heights.length).toBeGreaterThan(1);
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(3);
  });

  it.each([
    ["TB", "y", "height"],
    ["LR", "x", "width"],
  ] as const)("has frames close around their content: %s", async (direction, axis, length) => {
    const { placement } = await laidOut(perceptron(), open, direction);
    const [frame, box] = [rect(placement, "fc1#1"), rect(placement, "fc1#1/addmm:0")];
    expect(frame[axis] + frame[length] - (box[axis] + box[length])).toBeLessThan(40);
  });

  it("lays out each level separately, and none for closed modules", async () => {
    const folded = await laidOut(perceptron(), new Set(["#1"]), "LR");
    const unfolded = await laidOut(perceptron(), open, "LR");
    expect(folded.sources).toHaveLength(2);
    expect(unfolded.sources).toHaveLength(3);
    for (const dot of unfolded.sources) expect(dot.match(/ -> /g)?.length ?? 0).toBeLessThan(5);
  });

  it("is the same for the same graph", async () => {
    const made = [await laidOut(perceptron(), open, "LR"), await laidOut(perceptron(), open, "LR")];
    expect(made[0]?.placement).toEqual(made[1]?.placement);
  });

  it("can be shifted", async () => {
    const { placement } = await laidOut(perceptron(), open, "LR");
    const moved = shifted(placement, 5, -3);
    expect(rect(moved, "#1").x).toBeCloseTo(rect(placement, "#1").x + 5);
    expect(moved.routes[0]?.tip.y).toBeCloseTo((placement.routes[0]?.tip.y ?? 0) - 3);
  });
});
