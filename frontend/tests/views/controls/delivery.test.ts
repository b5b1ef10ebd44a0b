// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";
import type { Delivery } from "../../../src/session";
import { deliveryFact } from "../../../src/views/controls/delivery";
import { undeliveredText } from "../../../src/views/controls/undelivered";
import { drawControls } from "../../../src/views/controls/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";

beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});

function word(delivery: Delivery | null): HTMLElement | null {
  const session = new StubSession();
  session.state = stateOf();
  session.delivery = delivery;
  const root = document.createElement("div");
  drawControls(root, session);
  return root.querySelector<HTMLElement>('[data-labkit-fact="delivery"]');
}

it("is absent before anything is known", () => {
  expect(word(null)).toBe(null);
});

it.each([
  ["subshell", "live, clicks at once", "a subshell"],
  ["step end", "live, clicks at once", "the training loop itself"],
  ["background", "live, clicks at once", "in the background"],
  ["cell end", "live, clicks after the cell", "begin the cell with %%train"],
] as const)("says what handles clicks: %s", (clicks, text, explanation) => {
  const found = word({ clicks, isText: false });
  expect(found?.textContent).toBe(text);
  expect(found?.title).toContain(explanation);
});

it("says that data are sent as text", () => {
  const { text, explanation } = deliveryFact({ clicks: "cell end", isText: true }, "jupyter");
  expect(text).toBe("live, clicks after the cell, sent as text");
  expect(explanation).toContain("%%train");
  expect(explanation).toContain("does not receive binary data");
});

it("names what marimo has: no cell magic, and the interrupt of a cell", () => {
  const jupyter = deliveryFact({ clicks: "cell end", isText: false }, "jupyter").explanation;
  const marimo = deliveryFact({ clicks: "cell end", isText: false }, "marimo").explanation;
  expect(jupyter).toContain("begin the cell with %%train, or use lk.background.");
  expect(marimo).toContain("interrupt the cell (■, or Ctrl+I)");
  expect(marimo).toContain("run the loop with lk.background.");
  expect(marimo).not.toContain("%%train");
});

it("says of a click whether it is known to wait for the end of the cell", () => {
  const known = undeliveredText({ isOneWay: true, notebook: "jupyter", problem: null });
  expect(known).toMatch(
    /^The kernel handles clicks of this page only when the cell has ended\. To stop/,
  );
  const unknown = undeliveredText({ isOneWay: false, notebook: "jupyter", problem: null });
  expect(unknown).toMatch(/^The kernel has not answered yet/);
});
