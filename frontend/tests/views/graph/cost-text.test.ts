import { describe, expect, it } from "vitest";
import type { Cost } from "../../../src/messages/graph";
import { flopsText } from "../../../src/views/graph/model/cost-text";
import { Labels } from "../../../src/views/graph/model/labels";
import { NO_COST, perceptron } from "./sample";

function flops(forward: number | null, backward: number | null, rest: Partial<Cost> = {}): string {
  const cost = { ...NO_COST, forward_flops: forward, backward_flops: backward, ...rest };
  return flopsText(cost).replaceAll("\u00a0", " ");
}

describe("texts of costs", () => {
  it("has both passes with a unit", () => {
    expect(flops(2_100_000, 4_200_000)).toBe("2.1 MFLOP forward, 4.2 MFLOP backward");
    expect(flops(60, 0)).toBe("60 FLOP forward, 0 FLOP backward");
  });

  it("never shows an unknown number as zero", () => {
    expect(flops(null, null, { unknown_forward: 1, unknown_backward: 1 })).toBe("unknown");
    expect(flops(60, null, { unknown_backward: 1 })).toBe("60 FLOP forward, unknown backward");
    expect(flops(0, 0)).toBe("not counted");
  });

  it("says how many operations a sum lacks", () => {
    const text = "2 kFLOP forward, 4 kFLOP backward, without 2 unknown operations";
    expect(flops(2000, 4000, { unknown_forward: 1, unknown_backward: 2 })).toBe(text);
  });

  it("is among the facts of operations and modules, not of parameters", () => {
    const graph = perceptron().graph();
    const labels = new Labels(graph);
    const [model] = graph.modules;
    const byId = new Map(graph.nodes.map((node) => [node.id, node]));
    const addmm = byId.get("fc1#1/addmm:0");
    const weight = byId.get("fc1#1/weight:0");
    if (!model || !addmm || !weight) throw new Error("the sample has changed");
    const compute = ["Compute", "384\u00a0FLOP forward, 768\u00a0FLOP backward"];
    expect(labels.factsOfModule(model)).toContainEqual(compute);
    const operation = { kind: "op", id: addmm.id, node: addmm, container: null } as const;
    expect(labels.factsOfItem(operation)).toContainEqual(["Kept for backward", "unknown"]);
    expect(labels.factsOfItem(operation)).toContainEqual(["Activation size", "32 B"]);
    const leaf = { kind: "parameter", id: weight.id, node: weight, container: null } as const;
    expect(labels.factsOfItem(leaf).map(([name]) => name)).not.toContain("Compute");
  });
});
