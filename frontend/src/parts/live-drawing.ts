/** Redraws a view when its run, the selection, or the page's theme changes. */

import type { Change, RunSession } from "../session";
import { drawsEachStep, RedrawScheduler } from "./redraw-scheduler";
import { readTheme, type Theme, watchTheme } from "./theme";

export class LiveDrawing {
  theme: Theme;
  private readonly redraw: RedrawScheduler;
  private readonly cleanups: readonly (() => void)[];

  /** `onChange` is called with each change before the view is drawn. */
  constructor(
    root: HTMLElement,
    session: RunSession,
    draw: () => void,
    onChange: (change: Change) => void = () => undefined,
  ) {
    this.theme = readTheme(root);
    this.redraw = new RedrawScheduler(root, draw);
    this.cleanups = [
      session.subscribe((change) => {
        onChange(change);
        if (change === "cursor" || change === "selection" || change === "mark") this.now();
        else this.redraw.later(drawsEachStep(session.state));
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
