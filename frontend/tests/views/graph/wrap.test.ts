import { describe, expect, it } from "vitest";
import { svgPathOf } from "../../../src/views/graph/layout/placement";
import { holds, laidOut, overlap, rect } from "./laid-out";
import { Sample } from "./sample";

const ROOM = 600;

/** Returns a chain of twelve layers, one of which is a block of three, and a loss. */
function chain(): Sample {
  const sample = new Sample().module("#1", null).op("/input:0");
  let before = "/input:0";
  for (let layer = 0; layer < 12; layer += 1) {
    sample.module(`${layer}#1`, "#1");
    for (const op of layer === 5 ? ["a", "b", "c"] : ["a"]) {
      sample.op(`${layer}#1/${op}:0`, before);
      before = `${layer}#1/${op}:0`;
    }
  }
  return sample.op("/nll:0", before).output("/loss:0", "/nll:0");
}

describe("a long row", () => {
  it("is not wrapped if there is room", async () => {
    const wide = await laidOut(chain(), new Set(), "LR");
    const fitting = await laidOut(chain(), new Set(), "LR", wide.placement.bounds.width);
    expect(fitting.placement).toEqual(wide.placement);
  });

  it.each([[["#1"]], [["#1", "5#1"]]])("is wrapped into rows with %j open", async (ids) => {
    const open = new Set(ids);
    const { visible, placement } = await laidOut(chain(), open, "LR", ROOM);
    expect(placement.bounds.width).toBeLessThan(ROOM * 1.4);
    const boxes = visible.items.map((item) => ({ item, box: rect(placement, item.id) }));
    for (const [index, { box }] of boxes.entries())
      for (const other of boxes.slice(index + 1)) expect(overlap(box, other.box)).toBe(false);
    for (const { item, box } of boxes) {
      for (const id of open) {
        const inside = item.container === id || (id === "#1" && item.container === "5#1");
        expect([item.id, id, overlap(rect(placement, id), box)]).toEqual([item.id, id, inside]);
        if (inside) expect(holds(rect(placement, id), box)).toBe(true);
      }
    }
  });

  it("has boxes in the order of execution along the rows", async () => {
    const { placement } = await laidOut(chain(), new Set(["#1"]), "LR", ROOM);
    const layers = Array.from({ length: 12 }, (_, layer) => rect(placement, `${layer}#1`));
    for (const [index, box] of layers.slice(1).entries()) {
      const before = layers[index];
      expect(before && (box.y > before.y + before.height || box.x > before.x)).toBe(true);
    }
  });

  it("has every arrow from the border of its source to the border of its target", async () => {
    const { placement } = await laidOut(chain(), new Set(["#1", "5#1"]), "LR", ROOM);
    for (const route of placement.routes) {
      const [source, target] = [rect(placement, route.source), rect(placement, route.target)];
      expect(route.points.length % 3).toBe(1);
      expect(svgPathOf(route)).not.toContain("NaN");
      expect(route.points[0]?.x).toBeCloseTo(source.x + source.width, 0);
      expect(route.tip.x).toBeCloseTo(target.x, 0);
      expect(holds(placement.bounds, { ...route.tip, width: 0, height: 0 })).toBe(true);
    }
  });

  it("does not reserve the height of a frame in other rows", async () => {
    const sample = new Sample().module("tall#1", null).op("/x:0");
    const parts = Array.from({ length: 12 }, (_, place) => `tall#1/part${place}:0`);
    for (const part of parts) sample.op(part, "/x:0");
    sample
      .op("/join:0", ...parts)
      .op("/a:0", "/join:0")
      .op("/b:0", "/a:0");
    const { placement } = await laidOut(sample, new Set(["tall#1"]), "LR", 350);
    const [tall, last] = [rect(placement, "tall#1"), rect(placement, "/b:0")];
    expect(last.y - (tall.y + tall.height)).toBeLessThan(150);
  });

  it("has arrows beside the rows to later boxes of a module", async () => {
    const sample = new Sample().module("m#1", null).op("/x:0");
    let before = "/x:0";
    for (let place = 0; place < 9; place += 1) {
      sample.op(`m#1/op${place}:0`, before);
      before = `m#1/op${place}:0`;
    }
    sample.op("m#1/add:0", before, "/x:0");
    const { placement } = await laidOut(sample, new Set(["m#1"]), "LR", ROOM);
    const skip = placement.routes.find(
      ({ source, target }) => source === "/x:0" && target === "m#1/add:0",
    );
    const first = rect(placement, "m#1/op0:0");
    const below = skip?.points.filter(({ y }) => y > first.y + first.height) ?? [];
    const lane = Math.min(...below.map(({ x }) => x));
    expect(lane).toBeLessThan(first.x);
    expect(lane).toBeGreaterThan(rect(placement, "m#1").x);
  });
});
