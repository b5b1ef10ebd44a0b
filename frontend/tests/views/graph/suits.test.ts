import { describe, expect, it } from "vitest";
import { type GraphLayout, suits } from "../../../src/views/graph/layout/graph-layout";

function made(direction: GraphLayout["direction"], room: number): GraphLayout {
  const placement = { bounds: { x: 0, y: 0, width: 1, height: 1 }, boxes: new Map(), routes: [] };
  return { direction, room, placement, sizes: new Map() } as unknown as GraphLayout;
}

describe("a layout", () => {
  it("suits the stage that it was made for, and one of almost the same width", () => {
    expect(suits(made("LR", 600), 600, 300)).toBe(true);
    expect(suits(made("LR", 600), 700, 300)).toBe(true);
    expect(suits(made("TB", 300), 300, 400)).toBe(true);
  });

  it("is made anew for a stage of another direction or width, or if the width was not known", () => {
    expect(suits(made("LR", 300), 300, 400)).toBe(false);
    expect(suits(made("LR", 500), 1100, 400)).toBe(false);
    expect(suits(made("LR", 1100), 500, 240)).toBe(false);
    expect(suits(made("LR", 0), 500, 240)).toBe(false);
  });
});
