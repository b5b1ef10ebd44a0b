/** Arrays that are sent as text: base64 of their bytes, little endian. */

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function floatsOf(text: string): Float32Array {
  const view = new DataView(bytesOf(text).buffer);
  const length = view.byteLength / 4;
  return Float32Array.from({ length }, (_, at) => view.getFloat32(4 * at, true));
}
