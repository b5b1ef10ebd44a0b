/**
 * Sends a message several times, until it is stopped.
 *
 * A message that is sent before JupyterLab has opened the subshell for widgets is handled after the
 * running cell; one that is sent a little later is handled at once. Without a subshell all of them
 * are queued, so their number is limited. The kernel replies only once, as a page that was sent the
 * reply in the meantime does not need it again; except to the last one, which says that the page
 * has received nothing. It is sent when no large message is arriving either, as the reply could
 * wait behind it.
 */

import type { Arrivals } from "./arrivals";
import { isLive, type Sender, send } from "./channel";

/** Times of the repetitions, in ms after the first message. */
export const RESEND_AFTER_MS = [400, 1200] as const;
/** Time of the last repetition, in ms after the first message or the last part of a large one. */
export const NOTHING_RECEIVED_AFTER_MS = 3000;
/** Maximum number of times that a message is sent. */
export const MAX_SENT = RESEND_AFTER_MS.length + 2;

/**
 * Sends a message; returns the function that stops the repetition. `again` is whether the page needs
 * the reply though it may have been sent before.
 */
export function sendRepeatedly<M>(
  channel: Sender<M>,
  message: (again: boolean) => M,
  arrivals: Arrivals,
  again = false,
): () => void {
  const sendNow = (isAgain: boolean) => {
    if (isLive(channel)) send(channel, message(isAgain));
  };
  send(channel, message(again));
  const timers = RESEND_AFTER_MS.map((wait) => setTimeout(() => sendNow(again), wait));
  const cancelLast = arrivals.afterSilence(NOTHING_RECEIVED_AFTER_MS, () => sendNow(true));
  return () => {
    for (const timer of timers) clearTimeout(timer);
    cancelLast();
  };
}
