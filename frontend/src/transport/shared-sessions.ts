/** The sessions of this page: one per run, open as long as a view uses it. */

import type { RunSession } from "../session";
import type { Channel } from "./channel";
import { LiveSession } from "./live-session";

interface Entry {
  readonly session: LiveSession;
  users: number;
}

const entries = new Map<string, Entry>();

/** A view's share in a session. */
export interface Lease {
  readonly session: RunSession;
  release(): void;
}

/** The session of the run behind this channel, shared with the run's other views. */
export function openSession(channel: Channel): Lease {
  const key = String(channel.get("run_id"));
  const entry = usable(entries.get(key), channel) ?? {
    session: new LiveSession(channel),
    users: 0,
  };
  entries.set(key, entry);
  entry.users += 1;
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.session.close();
    if (entries.get(key) === entry) entries.delete(key);
  };
  return { session: entry.session, release };
}

/** After a reconnection the page may have a new model for the same run. */
function usable(entry: Entry | undefined, channel: Channel): Entry | undefined {
  return entry?.session.channel === channel ? entry : undefined;
}
