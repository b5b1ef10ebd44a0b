/** Observers that jsdom lacks, which observe nothing. */

import { vi } from "vitest";

class Quiet {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

export function stubObservers(): void {
  vi.stubGlobal("IntersectionObserver", Quiet);
  vi.stubGlobal("ResizeObserver", Quiet);
}
