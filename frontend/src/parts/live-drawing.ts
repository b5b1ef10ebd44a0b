/** Redraws a view when its run, the selection, or the page's theme changes. */

import type { Change, RunSession } from "../session";
import { drawsEachStep, RedrawScheduler } from "./redraw-scheduler";
import { readTheme, type Theme, watchTheme } from "./theme";

/** Whether a view is drawn with every frame, or only with those that all views draw. */
export type DrawnWith = "every frame" | "complete frames";

export class LiveDrawing {
  theme: Theme;
  private readonly redraw: RedrawScheduler;
  private readonly cleanups: readonly (() => void)[];

  /**
   * `draw` is called with whether only the data have changed, `onChange` with each change before
   * the view is drawn.
   */
  constructor(
    root: HTMLElement,
    session: RunSession,
    draw: (isLive: boolean) => void,
    drawnWith: DrawnWith,
    onChange: (change: Change) => void = () => undefined,
  ) {
    this.theme = readTheme(root);
    this.redraw = new RedrawScheduler(root, draw);
    this.cleanups = [
      session.subscribe((change) => {
        onChange(change);
        if (change !== "frame") this.now();
        else {
          const isDue = drawnWith === "every frame" || session.drawsAll;
          this.redraw.later(isDue, drawsEachStep(session.state));
        }
      }),
      watchTheme(() => {
        this.theme = readTheme(root);
        this.now();
      }),
    ];
  }

  /** Redraws at once, after a change by the user. */
  now(): void {
    this.redraw.now();
  }

  close(): void {
    for (const end of this.cleanups) end();
    this.redraw.close();
  }
}
