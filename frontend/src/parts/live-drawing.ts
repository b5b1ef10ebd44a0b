/** Draws a view anew when its run, what is picked in it, or the page's theme changes. */

import type { Change, RunSession } from "../session";
import { Redraw } from "./redraw";
import { readTheme, type Theme, watchTheme } from "./theme";

export class LiveDrawing {
  theme: Theme;
  private readonly redraw: Redraw;
  private readonly ends: readonly (() => void)[];

  /** `heard` is told each change before the view is drawn for it. */
  constructor(
    root: HTMLElement,
    session: RunSession,
    draw: () => void,
    heard: (change: Change) => void = () => undefined,
  ) {
    this.theme = readTheme(root);
    this.redraw = new Redraw(root, draw);
    this.ends = [
      session.subscribe((change) => {
        heard(change);
        if (change === "cursor" || change === "selection") this.now();
        else this.redraw.later();
      }),
      watchTheme(() => {
        this.theme = readTheme(root);
        this.now();
      }),
    ];
  }

  /** A person has changed something: do not keep them waiting. */
  now(): void {
    this.redraw.now();
  }

  close(): void {
    for (const end of this.ends) end();
    this.redraw.close();
  }
}
