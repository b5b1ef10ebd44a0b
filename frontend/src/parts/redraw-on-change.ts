/** A view of the newest state, whose drawing is a function. */

import type { RunSession } from "../session";
import { RedrawScheduler } from "./redraw-scheduler";

/** Draws a view at once and after each change of the session; returns the view's clean-up. */
export function redrawOnChange(
  root: HTMLElement,
  session: RunSession,
  draw: () => void,
): () => void {
  const redraw = new RedrawScheduler(root, draw);
  const unsubscribe = session.subscribe(() => redraw.later());
  draw();
  return () => {
    unsubscribe();
    redraw.close();
    root.replaceChildren();
  };
}
