import { describe, expect, it } from "vitest";
import { withHubEdges, withoutHubEdges } from "../../../src/views/graph/layout/hubs";
import { visibleGraph } from "../../../src/views/graph/model/visible-graph";
import { Sample } from "./sample";

/** Returns a chain of operations that all use one input. */
function hub(users: number): Sample {
  const sample = new Sample().op("/mask:0").op("/x:0");
  for (let user = 0; user < users; user += 1) {
    sample.op(`/add:${user}`, user === 0 ? "/x:0" : `/add:${user - 1}`, "/mask:0");
  }
  return sample;
}

const visible = (users: number) => visibleGraph(hub(users).graph(), new Set());

describe("hubs", () => {
  it("are laid out completely if they have few edges", () => {
    expect(withoutHubEdges(visible(5)).hubEdges).toEqual([]);
  });

  it("have one edge in the layout, and no edge is lost", () => {
    const { reduced, hubEdges } = withoutHubEdges(visible(20));
    expect(reduced.edges.filter((edge) => edge.source === "/mask:0")).toHaveLength(1);
    expect(hubEdges).toHaveLength(19);
    expect(reduced.edges.length + hubEdges.length).toBe(visible(20).edges.length);
  });

  it("have straight lines for the other edges", () => {
    const { hubEdges } = withoutHubEdges(visible(20));
    const ids = visible(20).items.map((item) => item.id);
    const boxes = new Map(ids.map((id, x) => [id, { x: 50 * x, y: 0, width: 40, height: 20 }]));
    const bare = { bounds: { x: 0, y: 0, width: 2000, height: 20 }, boxes, routes: [] };
    const { routes } = withHubEdges(bare, hubEdges, "LR");
    expect(routes).toHaveLength(19);
    for (const route of routes) {
      expect(route.points[0]).toEqual({ x: 40, y: 10 });
      expect(route.tip).toEqual({ x: boxes.get(route.target)?.x, y: 10 });
    }
  });
});
