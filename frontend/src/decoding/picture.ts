/** Decodes a picture of activations from a message. */

import type { SentPicture } from "../messages/values";
import type { Picture } from "../session";
import { type Buffers, readFloat32 } from "./buffers";

export function readPicture(sent: SentPicture | null, buffers: Buffers): Picture | null {
  if (!sent) return null;
  const [panels, rows, columns] = sent.shape;
  return { ...sent, values: readFloat32(buffers, sent.values, panels * rows * columns) };
}
