// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PlotElement } from "../../../src/plot/plotly";
import { PlotlyFigure } from "../../../src/plot/plotly-figure";
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
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
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

/** Plotly's event for one press; it reports a double click before the second press. */
function press(step: number, detail: number): void {
  if (detail === 2) listeners.get("plotly_doubleclick")?.(undefined);
  listeners.get("plotly_click")?.({ points: [{ x: step }], event: { detail } });
}

it("looks at the step that is clicked", async () => {
  const { session } = await open();
  press(12, 1);
  expect(session.cursor).toBe(12);
});

it("leaves the cursor where it was on a double click", async () => {
  const { session } = await open();
  press(30, 1);
  press(30, 2);
  expect(session.cursor).toBeNull();
  press(7, 1);
  press(20, 1);
  press(20, 2);
  expect(session.cursor).toBe(7);
});

it("takes the picture down when it is closed", async () => {
  const { figure } = await open();
  figure.close();
  expect(purge).toHaveBeenCalledOnce();
});
