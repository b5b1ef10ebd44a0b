/** The sessions of this page: one per run, open while a view uses it. */

import type { RunSession } from "../session";
import type { Channel } from "./channel";
import { LiveSession } from "./live-session";
import type { MessageRecorder } from "./message-recorder";

interface SharedSession {
  readonly session: LiveSession;
  users: number;
}

const entries = new Map<string, SharedSession>();

/** A view's reference to a shared session. */
export interface SessionHandle {
  readonly session: RunSession;
  release(): void;
}

/** Opens a session for the run of a channel, or returns the session of its other views. */
export function openSession(channel: Channel, messages: MessageRecorder): SessionHandle {
  const key = String(channel.get("run_id"));
  const entry = usable(entries.get(key), channel) ?? {
    session: new LiveSession(channel, messages),
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

/** Returns the entry if it has the same channel; after a reconnection the channel may be new. */
function usable(entry: SharedSession | undefined, channel: Channel): SharedSession | undefined {
  return entry?.session.channel === channel ? entry : undefined;
}
