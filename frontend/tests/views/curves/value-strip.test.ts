// @vitest-environment jsdom
import { expect, it, vi } from "vitest";
import { drawnQuantities, quantitiesOf } from "../../../src/views/curves/quantities";
import { type StripInput, ValueStrip } from "../../../src/views/curves/value-strip";
import { THEME, tableOf } from "./sample";

const TABLES = [
  tableOf("loss", "loss", [4, 1, 2]),
  tableOf("metric", "val_loss", [5, 3, 3.5]),
  tableOf("metric", "accuracy", [0.25, 0.5]),
];

function open(wish: Partial<StripInput> = {}) {
  const actions = { moveCursor: vi.fn(), toggle: vi.fn(), endComparison: vi.fn() };
  const strip = new ValueStrip(actions);
  const quantities = drawnQuantities(quantitiesOf(TABLES), THEME.series);
  const draw = (further: Partial<StripInput> = {}) =>
    strip.draw({ quantities, cursor: null, compared: null, distance: "", ...wish, ...further });
  draw();
  document.body.replaceChildren(strip.element);
  const rows = () =>
    [...strip.element.querySelectorAll("li")].map((row) =>
      [...row.children].map((cell) =>
        [...cell.querySelectorAll("span:not(:has(span))")]
          .map((each) => each.textContent)
          .join(" "),
      ),
    );
  return { ...actions, element: strip.element, rows, draw };
}

it("has the newest value, the minimum and the maximum of each line", () => {
  expect(open().rows()).toEqual([
    [" loss ", "last 2", "min 1 at 1", "max 4 at 0"],
    [" val_loss ", "last 3.5", "min 3 at 1", "max 5 at 0"],
    [" accuracy ", "last 0.5", "min 0.25 at 0", "max 0.5 at 1"],
  ]);
});

it("has the values at the cursor, with the step at which each was recorded", () => {
  expect(
    open({ cursor: 2 })
      .rows()
      .map((cells) => cells[1]),
  ).toEqual(["at 2 2", "at 2 3.5", "at 1 0.5"]);
});

it("has the differences between two cursors", () => {
  const { rows, element, endComparison } = open({ compared: [0, 1], distance: "1 step" });
  expect(rows()[0]?.[1]).toBe("4 → 1 −3");
  expect(rows()[2]?.[1]).toBe("0.25 → 0.5 +0.25");
  const note = element.querySelector("[role=status]");
  expect(note?.textContent).toContain("1 step");
  note?.querySelector("button")?.click();
  expect(endComparison).toHaveBeenCalledOnce();
});

it("moves the cursor to the step of a minimum", () => {
  const { element, moveCursor } = open();
  element.querySelector<HTMLButtonElement>("li > :nth-child(3) button")?.click();
  expect(moveCursor).toHaveBeenCalledWith(1);
});

it("hides a line of several in a panel, not the only one", () => {
  const { element, toggle } = open();
  const names = [...element.querySelectorAll<HTMLElement>(".labkit-curves-name")];
  expect(names.map(({ tagName }) => tagName)).toEqual(["BUTTON", "BUTTON", "SPAN"]);
  names[1]?.click();
  expect(toggle.mock.calls[0]?.[0]).toMatchObject({ name: "val_loss" });
});

it("has the same elements when only the values change", () => {
  const { element, draw } = open();
  const [before] = element.querySelectorAll("li");
  draw({ cursor: 1 });
  expect(element.querySelector("li")).toBe(before);
});
