// @vitest-environment jsdom
import { beforeEach, expect, it } from "vitest";
import type { Row } from "../../../src/heat-map/rows";
import type { SeriesTable } from "../../../src/session";
import { LineList } from "../../../src/views/gradients/line-list";
import { StubSession } from "../../fake-session";

const NAMES = Array.from({ length: 12 }, (_, layer) => `encoder.layers.${layer}.attention.weight`);
const TABLE: SeriesTable = {
  id: "grad_norm",
  kind: "grad_norm",
  names: NAMES,
  lastStep: 20,
  points: (column) => ({
    steps: Float64Array.of(10, 20),
    values: Float32Array.of(column, column + 0.5),
  }),
  latest: () => Float32Array.from(NAMES, (_, column) => column + 0.5),
};
const ROWS: readonly Row[] = NAMES.map((name, column) => {
  return { name, table: TABLE, column, frozen: column === 3 };
});

let session: StubSession;
let list: LineList;

beforeEach(() => {
  session = new StubSession();
  list = new LineList(session);
  document.body.replaceChildren(list.element);
  show();
});

function show(): void {
  const selected = new Set(session.selected === null ? [] : [session.selected]);
  list.show(ROWS, (index) => `rgb(${index}, 0, 0)`, selected);
}

function entries(): HTMLButtonElement[] {
  return [...list.element.querySelectorAll("button")];
}

function press(key: string): void {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  document.activeElement?.dispatchEvent(event);
}

it("names each line, with its newest value and the whole name in a tooltip", () => {
  expect(entries()).toHaveLength(12);
  const second = entries()[1] as HTMLElement;
  expect(second.textContent).toBe("…1.attention.weight1.5");
  expect(second.title).toContain("encoder.layers.1.attention.weight: 1.5 at step 20");
  expect(entries()[3]?.textContent).toContain("frozen");
});

it("shows the values at the cursor", () => {
  session.setCursor(12);
  show();
  expect(entries()[5]?.textContent).toBe("…5.attention.weight5");
});

it("selects a line on a click, marks it, and takes it back", () => {
  const pressed = () => entries().map((entry) => entry.getAttribute("aria-pressed") === "true");
  entries()[4]?.click();
  show();
  expect(session.selected).toBe(NAMES[4]);
  expect(pressed().indexOf(true)).toBe(4);
  entries()[4]?.click();
  show();
  expect(session.selected).toBeNull();
  expect(pressed()).not.toContain(true);
});

it("is one stop of the Tab key, and the arrow keys move through it", () => {
  const stops = () => entries().flatMap(({ tabIndex }, place) => (tabIndex === 0 ? [place] : []));
  expect(stops()).toEqual([0]);
  entries()[0]?.focus();
  press("ArrowDown");
  press("ArrowDown");
  press("ArrowUp");
  expect(document.activeElement).toBe(entries()[1]);
  expect(stops()).toEqual([1]);
  press("ArrowUp");
  press("ArrowUp");
  expect(document.activeElement).toBe(entries()[0]);
});
