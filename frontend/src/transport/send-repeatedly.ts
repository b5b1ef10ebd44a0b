/**
 * Sends a message several times, until it is stopped.
 *
 * A message that is sent before JupyterLab has opened the subshell for widgets is handled after the
 * running cell; one that is sent a little later is handled at once. Without a subshell all of them
 * are queued, so their number is limited. The kernel replies only once, as a page that was sent the
 * reply in the meantime does not need it again; except to the last one, which says that the page
 * has received nothing.
 */

import { isLive, type Sender, send } from "./channel";

/** Times of the repetitions, in ms after the first message. */
export const RESEND_AFTER_MS = [400, 1200, 3000] as const;

/**
 * Sends a message; returns the function that stops the repetition. `again` is whether the page needs
 * the reply though it may have been sent before.
 */
export function sendRepeatedly<M>(
  channel: Sender<M>,
  message: (again: boolean) => M,
  again = false,
): () => void {
  send(channel, message(again));
  const last = RESEND_AFTER_MS.length - 1;
  const timers = RESEND_AFTER_MS.map((wait, index) =>
    setTimeout(() => {
      if (isLive(channel)) send(channel, message(again || index === last));
    }, wait),
  );
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
