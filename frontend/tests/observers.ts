/** What jsdom lacks: observers, which observe nothing, and scrolling, which does nothing. */

import { vi } from "vitest";

class Quiet {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

export function stubObservers(): void {
  vi.stubGlobal("IntersectionObserver", Quiet);
  vi.stubGlobal("ResizeObserver", Quiet);
  Element.prototype.scrollIntoView = () => undefined;
}
