// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PlotElement } from "../../../src/plot/plotly";
import { PlotlyFigure } from "../../../src/plot/plotly-figure";
import { stubObservers } from "../../observers";
import { sessionOf } from "./sample";

const MODULE = "data:text/javascript,export default globalThis.fakePlotly";

type Listener = (event: unknown) => void;
const listeners = new Map<string, Listener>();
const purge = vi.fn();

beforeEach(() => {
  listeners.clear();
  purge.mockClear();
  const react = (element: PlotElement) => {
    const on = (name: string, listener: Listener) => void listeners.set(name, listener);
    Object.assign(element, { on });
  };
  vi.stubGlobal("fakePlotly", { react, purge });
  stubObservers();
});
afterEach(() => vi.unstubAllGlobals());

async function open() {
  const session = sessionOf([], MODULE);
  const clicked = vi.fn((step: number) => session.setCursor(step));
  const figure = await new Promise<PlotlyFigure>((resolve) => {
    const made = new PlotlyFigure(session, "curves", { changed: () => resolve(made), clicked });
  });
  figure.draw([], {});
  return { session, clicked, figure };
}

/** Emits plotly's event for a press; a double click is reported before the second press. */
function press(step: number, detail: number, shiftKey = false): void {
  if (detail === 2) listeners.get("plotly_doubleclick")?.(undefined);
  const points = [{ x: step, curveNumber: 0 }];
  listeners.get("plotly_click")?.({ points, event: { detail, shiftKey } });
}

it("moves the cursor to the clicked step", async () => {
  const { session } = await open();
  press(12, 1);
  expect(session.cursor).toBe(12);
});

it("moves the cursor to the nearest point, whatever the order of the curves", async () => {
  const { session, figure } = await open();
  const xaxis = { _offset: 10, p2d: (px: number) => px };
  Object.assign(figure.element.querySelector(".labkit-plot-canvas") as Element, {
    _fullLayout: { xaxis },
  });
  const event = { detail: 1, shiftKey: false, clientX: 40 };
  listeners.get("plotly_click")?.({ points: [{ x: 80 }, { x: 29 }, { x: 36 }], event });
  expect(session.cursor).toBe(29);
});

it("reports whether Shift was pressed", async () => {
  const { clicked } = await open();
  press(12, 1);
  press(15, 1, true);
  expect(clicked.mock.calls).toEqual([
    [12, 0, false],
    [15, 0, true],
  ]);
});

it("restores the cursor on a double click", async () => {
  const { session } = await open();
  press(30, 1);
  press(30, 2);
  expect(session.cursor).toBeNull();
  press(7, 1);
  press(20, 1);
  press(20, 2);
  expect(session.cursor).toBe(7);
});

it("takes quick clicks at different places as clicks, and those at one place as a double click", async () => {
  const { clicked, figure } = await open();
  const canvas = figure.element.querySelector(".labkit-plot-canvas") as PlotElement;
  // Plotly counts clicks from the time of an earlier press.
  const pressAt = (clientX: number) => {
    canvas._mouseDownTime = 1000;
    canvas.dispatchEvent(new MouseEvent("pointerdown", { clientX }));
    return canvas._mouseDownTime;
  };
  expect([pressAt(40), pressAt(90), pressAt(92)]).toEqual([1000, 0, 1000]);
  press(30, 1);
  pressAt(40);
  listeners.get("plotly_click")?.({ points: [{ x: 80, curveNumber: 0 }], event: { detail: 2 } });
  expect(clicked.mock.calls.map(([step]) => step)).toEqual([30, 80]);
});

it("removes the figure when it is closed", async () => {
  const { figure } = await open();
  figure.close();
  expect(purge).toHaveBeenCalledOnce();
});
