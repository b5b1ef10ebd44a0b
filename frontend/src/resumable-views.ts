/**
 * Views that were closed just now, which are shown again as they were if they are opened again.
 *
 * JupyterLab closes the views of an output and opens new ones when the output is updated, as at the
 * end of a run. Without this the views would be empty until they are drawn anew.
 */

import type { Channel } from "./transport/channel";

const WAIT_MS = 1000;

export interface DrawnView {
  readonly channel: Channel;
  readonly element: HTMLElement;
  readonly close: () => void;
}

interface WaitingView extends DrawnView {
  readonly timer: ReturnType<typeof setTimeout>;
}

const waiting = new Map<string, WaitingView>();

/** Closes a view if it is not resumed soon. */
export function suspendView(key: string, view: DrawnView): void {
  end(key);
  waiting.set(key, { ...view, timer: setTimeout(() => end(key), WAIT_MS) });
}

/** Returns a view that was suspended just now; null if there is none with this channel. */
export function resumeView(key: string, channel: Channel): DrawnView | null {
  const view = waiting.get(key);
  if (view?.channel !== channel) return null;
  clearTimeout(view.timer);
  waiting.delete(key);
  return view;
}

function end(key: string): void {
  const view = waiting.get(key);
  if (!view) return;
  clearTimeout(view.timer);
  waiting.delete(key);
  view.close();
}
