/**
 * Decodes buffers that were sent as text, and detects that buffers are lost.
 *
 * Some front ends do not deliver the binary buffers of widget messages. `labkit/views/text_buffers.py`
 * then sends them as base64 in the content of the message.
 */

import type { Buffers } from "../decoding/buffers";

/** The types of messages that always have a buffer. */
const WITH_BUFFER: readonly unknown[] = ["asset", "fragment"];

/** Returns the buffers of a message, which may be in its content. */
export function buffersOf(content: unknown, buffers: Buffers): Buffers {
  const texts = (content as { text_buffers?: readonly string[] } | null)?.text_buffers;
  return texts ? texts.map(decoded) : buffers;
}

export function hasTextBuffers(content: unknown): boolean {
  return content !== null && typeof content === "object" && "text_buffers" in content;
}

/** Returns whether a message must have buffers and has none. */
export function lacksBuffers(content: unknown, buffers: Buffers): boolean {
  const type = (content as { type?: unknown } | null)?.type;
  return WITH_BUFFER.includes(type) && buffersOf(content, buffers).length === 0;
}

function decoded(text: string): DataView {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new DataView(bytes.buffer);
}
