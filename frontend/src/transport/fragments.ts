/**
 * Reassembles messages that the kernel has split into fragments.
 *
 * An encoded message consists of the length of a header (uint32, little endian), the header, and
 * the buffers, without gaps. The header is JSON: `content` is the content of the message, `lengths`
 * are the sizes of its buffers in bytes. `labkit/views/fragments.py` is the encoder.
 */

import type { Buffers } from "../decoding/buffers";
import type { FragmentMessage } from "../messages/kernel";

/** Number of incomplete messages above which the oldest is discarded. */
const MAX_INCOMPLETE = 8;
const LENGTH_BYTES = 4;

export interface ReassembledMessage {
  readonly content: unknown;
  readonly buffers: Buffers;
}

interface Header {
  readonly content: unknown;
  readonly lengths: readonly number[];
}

export class FragmentAssembler {
  /** The fragments received so far, in order, by the number of their message. */
  private readonly incomplete = new Map<number, DataView[]>();

  /**
   * Stores a fragment; returns the message if it is complete. A message with a missing fragment is
   * discarded.
   */
  add({ message, index, count }: FragmentMessage, buffers: Buffers): ReassembledMessage | null {
    const parts = index === 0 ? [] : this.incomplete.get(message);
    const part = buffers[0];
    this.incomplete.delete(message);
    if (!parts || !part || parts.length !== index) return null;
    parts.push(part);
    if (parts.length === count) return decodeMessage(concatenate(parts));
    this.incomplete.set(message, parts);
    const [oldest] = this.incomplete.keys();
    if (this.incomplete.size > MAX_INCOMPLETE) this.incomplete.delete(oldest as number);
    return null;
  }
}

function concatenate(parts: Buffers): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** Decodes a message; its buffers are views of the bytes. */
export function decodeMessage(bytes: Uint8Array<ArrayBuffer>): ReassembledMessage {
  const start = bytes.byteOffset;
  const headerEnd = LENGTH_BYTES + new DataView(bytes.buffer, start).getUint32(0, true);
  const header = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, headerEnd));
  const { content, lengths } = JSON.parse(header) as Header;
  let offset = headerEnd;
  const buffers = lengths.map((length) => {
    const buffer = new DataView(bytes.buffer, start + offset, length);
    offset += length;
    return buffer;
  });
  return { content, buffers };
}
