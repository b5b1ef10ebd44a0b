/**
 * The protocol version, and the type of references to binary buffers.
 *
 * This folder defines the type of everything that the kernel and the page exchange. Its files, and
 * the types in them, have the same names as in `labkit/views/messages`. Numbers that may be NaN or
 * infinite are sent in binary buffers, little endian.
 */

/** The version of all types in this folder; equal to that of the kernel. */
export const PROTOCOL_VERSION = 10;

/** The index of a buffer in the list of buffers of its message. */
export type BufferIndex = number;

/** Returns a sentence if the kernel has another protocol version; null otherwise. */
export function versionProblem(version: unknown): string | null {
  if (version === PROTOCOL_VERSION) return null;
  return (
    `This page speaks version ${PROTOCOL_VERSION} of labkit's protocol and the kernel ` +
    `version ${version}. Restart the kernel and reload the page.`
  );
}
