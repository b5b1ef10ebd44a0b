import { expect, it } from "vitest";
import { cardPlace, overlap } from "../../../src/views/graph/drawing/card-place";
import type { Rect } from "../../../src/views/graph/layout/placement";

const STAGE = { width: 500, height: 250 };
const CARD = { width: 200, height: 80 };
const TARGET = { x: 150, y: 100, width: 100, height: 40 };

function placed(obstacles: readonly Rect[], card = CARD): Rect {
  const weighted = [TARGET, ...obstacles].map((rect) => ({ rect, weight: 10 }));
  return { ...cardPlace(card, TARGET, STAGE, weighted), ...card };
}

it("puts a card below its target, at its left edge", () => {
  expect(placed([])).toMatchObject({ x: 150, y: 150 });
});

it("puts it where none of the boxes is", () => {
  const below = { x: 150, y: 180, width: 100, height: 40 };
  expect(placed([below])).toMatchObject({ x: 150, y: 10 });
  const above = { x: 150, y: 20, width: 100, height: 40 };
  const card = placed([below, above]);
  expect([TARGET, below, above].map((box) => overlap(card, box))).toEqual([0, 0, 0]);
});

it("puts a strip to the edge that is farther from the target, and in the stage", () => {
  const strip = { width: 492, height: 60 };
  const card = placed([{ x: 0, y: 180, width: 500, height: 60 }], strip);
  expect([card.x, overlap(card, TARGET)]).toEqual([4, 0]);
  expect(card.y).toBeLessThan(TARGET.y);
});
