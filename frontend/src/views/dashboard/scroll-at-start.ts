/**
 * Scrolls the page to the dashboard once, when its run has begun: a notebook scrolls to the next
 * cell when a cell is executed, which leaves most of the dashboard out of sight.
 */

import type { RunSession } from "../../session";

/** An older run has not begun just now: the page was reloaded, or opened later. Slow lines need some seconds. */
const MAX_AGE_SECONDS = 30;
/** Runs to which this page has scrolled. */
const scrolled = new Set<string>();

export class ScrollAtStart {
  private readonly unsubscribe: () => void;

  /** `head` is the part of the dashboard that is in sight in any case. */
  constructor(root: HTMLElement, head: HTMLElement, session: RunSession) {
    this.unsubscribe = session.subscribe(() => {
      const { state } = session;
      if (!state || !root.isConnected) return;
      this.unsubscribe();
      if (state.elapsed > MAX_AGE_SECONDS || scrolled.has(session.runId)) return;
      scrolled.add(session.runId);
      // In the frame after the next, the dashboard has the height that its width requires.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          for (const element of [root, head]) element.scrollIntoView({ block: "nearest" });
        }),
      );
    });
  }

  close(): void {
    this.unsubscribe();
  }
}
