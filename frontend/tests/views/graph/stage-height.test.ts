// @vitest-environment jsdom
import { expect, it, vi } from "vitest";
import { ViewSettings } from "../../../src/parts/view-settings";
import { StageHeight } from "../../../src/views/graph/drawing/stage-height";

const BOUNDS = { x: 0, y: 0, width: 300, height: 200 };

function drawn(settings: ViewSettings) {
  const stage = document.createElement("div");
  vi.spyOn(stage, "clientWidth", "get").mockReturnValue(600);
  const height = new StageHeight(stage);
  height.restore(settings);
  return { stage, height };
}

it("begins with the height of the previous view of the run, and follows the layout", () => {
  const settings = new ViewSettings("a run");
  const first = drawn(settings);
  expect(first.stage.style.height).toBe("");
  first.height.fit(BOUNDS, false);
  expect(first.stage.style.height).toBe("256px");
  const second = drawn(settings);
  expect(second.stage.style.height).toBe("256px");
  second.height.fit({ ...BOUNDS, height: 300 }, false);
  expect(second.stage.style.height).toBe("356px");
});

it("begins with the height that the user chose in the previous view, and keeps it", () => {
  const settings = new ViewSettings("another run");
  const first = drawn(settings);
  first.height.fit(BOUNDS, false);
  first.stage.style.height = "500px";
  first.height.save();
  const second = drawn(settings);
  second.height.fit(BOUNDS, false);
  expect(second.stage.style.height).toBe("500px");
});
