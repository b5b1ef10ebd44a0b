/**
 * Reads the records of an exported run: each after its length (uint32, little endian), all
 * compressed with gzip. `labkit/views/html_page/encoding.py` is the encoder.
 */

import type { Buffers } from "../decoding/buffers";
import type { ExportedRecord } from "../messages/exported";
import { decodeMessage } from "../transport/fragments";

const LENGTH_BYTES = 4;

/** A request and the reply to it, with the buffers of the reply. */
export interface Recorded extends ExportedRecord {
  readonly buffers: Buffers;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

export async function readRecords(base64: string): Promise<readonly Recorded[]> {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return split(await new Response(stream).arrayBuffer());
}

/** Returns the records in bytes that are not compressed. */
export function split(bytes: ArrayBuffer): readonly Recorded[] {
  const view = new DataView(bytes);
  const records: Recorded[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const length = view.getUint32(at, true);
    const start = at + LENGTH_BYTES;
    const { content, buffers } = decodeMessage(new Uint8Array(bytes, start, length));
    records.push({ ...(content as ExportedRecord), buffers });
    at = start + length;
  }
  return records;
}
