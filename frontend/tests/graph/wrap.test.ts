import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { beforeAll, describe, expect, it } from "vitest";
import { dotSource } from "../../src/graph/dot";
import { visibleGraph } from "../../src/graph/fold";
import { type Placement, pathOf, type Rect, readPlacement } from "../../src/graph/placement";
import { entangled, wrapped } from "../../src/graph/wrap";
import { Sample } from "./sample";

const ROOM = 600;

let graphviz: Graphviz;

beforeAll(async () => {
  graphviz = await Graphviz.load();
});

/** A model of twelve layers in a row, one of which is a block of three; then a loss. */
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

function laidOut(sample: Sample, open: ReadonlySet<string>, apart = false) {
  const visible = visibleGraph(sample.graph(), open);
  const everything = [...visible.items, ...visible.containers];
  const sizes = new Map(everything.map(({ id }) => [id, { width: 100, height: 30 }]));
  const source = dotSource(visible, sizes, "LR", apart);
  return {
    visible,
    placement: readPlacement(graphviz.layout(source.text, "json", "dot"), source),
  };
}

function rect(placement: Placement, id: string): Rect {
  const box = placement.boxes.get(id);
  if (!box) throw new Error(`${id} was not placed`);
  return box;
}

function overlap(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

function holds(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

describe("wrapped", () => {
  it("leaves alone what has room", () => {
    const { visible, placement } = laidOut(chain(), new Set(["#1"]));
    expect(wrapped(placement, visible, 5000)).toBe(placement);
  });

  it.each([[["#1"]], [["#1", "5#1"]]])("folds a long chain into rows with %j open", (open) => {
    const { visible, placement } = laidOut(chain(), new Set(open));
    const folded = wrapped(placement, visible, ROOM);
    expect(placement.bounds.width).toBeGreaterThan(2 * ROOM);
    expect(folded.bounds.width).toBeLessThan(ROOM * 1.25);
    expect(new Set(folded.boxes.keys())).toEqual(new Set(placement.boxes.keys()));
    const items = visible.items.map((item) => ({ item, box: rect(folded, item.id) }));
    for (const [index, { item, box }] of items.entries()) {
      expect(holds(folded.bounds, box)).toBe(true);
      for (const other of items.slice(index + 1)) expect(overlap(box, other.box)).toBe(false);
      for (const { id } of visible.containers) {
        const inside = item.container === id || (id === "#1" && item.container === "5#1");
        expect([item.id, id, overlap(rect(folded, id), box)]).toEqual([item.id, id, inside]);
        if (inside) expect(holds(rect(folded, id), box)).toBe(true);
      }
    }
  });

  it("reads in the order of execution: along a row, then the next", () => {
    const { visible, placement } = laidOut(chain(), new Set(["#1"]));
    const folded = wrapped(placement, visible, ROOM);
    const layers = Array.from({ length: 12 }, (_, layer) => rect(folded, `${layer}#1`));
    for (const [index, box] of layers.slice(1).entries()) {
      const before = layers[index] as Rect;
      expect(box.y > before.y + before.height || box.x > before.x).toBe(true);
    }
  });

  it("leads every arrow from the edge of its source to the edge of its target", () => {
    const { visible, placement } = laidOut(chain(), new Set(["#1"]));
    const folded = wrapped(placement, visible, ROOM);
    for (const route of folded.routes) {
      const [source, target] = [rect(folded, route.source), rect(folded, route.target)];
      expect(route.points.length % 3).toBe(1);
      expect(pathOf(route)).not.toContain("NaN");
      expect(route.points[0]?.x).toBeCloseTo(source.x + source.width, 0);
      expect(route.tip.x).toBeCloseTo(target.x, 0);
      expect(holds(folded.bounds, { ...route.tip, width: 0, height: 0 })).toBe(true);
    }
  });

  it("leaves a row whole that modules which reach into each other hold together", () => {
    const sample = new Sample().module("a#1", null).module("b#1", null);
    sample.op("a#1/w:0").op("b#1/x:0", "a#1/w:0").op("a#1/y:0", "b#1/x:0").op("b#1/z:0", "a#1/y:0");
    const { visible, placement } = laidOut(sample, new Set(["a#1", "b#1"]), true);
    expect(wrapped(placement, visible, 150)).toEqual(placement);
  });

  it("can part modules whose parameters stood beside the one before", () => {
    const sample = new Sample();
    let before = "";
    for (let layer = 0; layer < 6; layer += 1) {
      const id = `${layer}#1`;
      sample.module(id, null).parameter(`${id}/weight:0`, `${layer}.weight`);
      sample.op(`${id}/mm:0`, `${id}/weight:0`, ...(before ? [before] : []));
      before = `${id}/mm:0`;
    }
    const open = new Set(sample.graph().modules.map(({ id }) => id));
    const { visible, placement } = laidOut(sample, open);
    expect(entangled(placement, visible, ROOM)).toBe(true);
    const apart = laidOut(sample, open, true);
    expect(entangled(apart.placement, visible, ROOM)).toBe(false);
    const folded = wrapped(apart.placement, visible, ROOM);
    const frames = [...open].map((id) => rect(folded, id));
    for (const [index, frame] of frames.entries())
      for (const other of frames.slice(index + 1)) expect(overlap(frame, other)).toBe(false);
  });
});
