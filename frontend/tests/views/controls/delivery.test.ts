// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";
import type { Delivery } from "../../../src/session";
import { deliveryFact } from "../../../src/views/controls/delivery";
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
  const { text, explanation } = deliveryFact({ clicks: "cell end", isText: true });
  expect(text).toBe("live, clicks after the cell, sent as text");
  expect(explanation).toContain("%%train");
  expect(explanation).toContain("does not receive binary data");
});
