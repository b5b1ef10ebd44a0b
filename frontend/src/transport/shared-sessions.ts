/** The sessions of this page: one per run, open as long as a view uses it. */

import type { RunSession } from "../session";
import type { Channel } from "./channel";
import { LiveSession } from "./live-session";

interface SharedSession {
  readonly session: LiveSession;
  users: number;
}

const entries = new Map<string, SharedSession>();

/** A view's share in a session. */
export interface SessionHandle {
  readonly session: RunSession;
  release(): void;
}

/** The session of the run behind this channel, shared with the run's other views. */
export function openSession(channel: Channel): SessionHandle {
  const key = String(channel.get("run_id"));
  const entry = usable(entries.get(key), channel) ?? {
    session: new LiveSession(channel),
    users: 0,
  };
  entries.set(key, entry);
  entry.users += 1;
  let active = true;
  const release = () => {
    if (!active) return;
    active = false;
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.session.close();
    if (entries.get(key) === entry) entries.delete(key);
  };
  return { session: entry.session, release };
}

/** After a reconnection the page may have a new model for the same run. */
function usable(entry: SharedSession | undefined, channel: Channel): SharedSession | undefined {
  return entry?.session.channel === channel ? entry : undefined;
}
