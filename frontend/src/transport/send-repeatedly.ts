/**
 * Sends a message until it is answered, a few times at most.
 *
 * A message that leaves before JupyterLab has opened the subshell for widgets waits behind the
 * running cell; one that leaves a little later is answered at once. Without a subshell all of them
 * wait, so they are few.
 */

import { isLive, type Sender, send } from "./channel";

/** Times at which the message is sent again, in ms after the first time. */
export const RESEND_AFTER_MS = [400, 1200, 3000] as const;

/** Sends a message; returns the function that ends the repetition. */
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
