/** Decodes a logged image, text or figure from a message. */

import type { SentSample } from "../messages/samples";
import type { Sample } from "../session";
import { type Buffers, readBytes } from "./buffers";

export function readSample(sent: SentSample | null, buffers: Buffers): Sample | null {
  return sent && { ...sent, content: readBytes(buffers, sent.content) };
}
