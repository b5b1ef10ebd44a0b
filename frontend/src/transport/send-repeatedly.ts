/**
 * Sends a message several times, until it is stopped.
 *
 * A message that is sent before JupyterLab has opened the subshell for widgets is handled after the
 * running cell; one that is sent a little later is handled at once. Without a subshell all of them
 * are queued, so their number is limited.
 */

import { isLive, type Sender, send } from "./channel";

/** Times of the repetitions, in ms after the first message. */
export const RESEND_AFTER_MS = [400, 1200, 3000] as const;

/** Sends a message; returns the function that stops the repetition. */
export function sendRepeatedly<M>(channel: Sender<M>, message: M): () => void {
  send(channel, message);
  const timers = RESEND_AFTER_MS.map((wait) =>
    setTimeout(() => {
      if (isLive(channel)) send(channel, message);
    }, wait),
  );
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
