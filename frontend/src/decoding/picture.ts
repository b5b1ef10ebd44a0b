/** Decodes a picture of activations from a message. */

import type { SentInput, SentPicture } from "../messages/values";
import type { ModelInput, Picture } from "../session";
import { type Buffers, readFloat32 } from "./buffers";

export function readPicture(sent: SentPicture | null, buffers: Buffers): Picture | null {
  if (!sent) return null;
  const given = sent.given && readInput(sent.given, buffers);
  return { ...sent, values: valuesOf(sent, buffers), given };
}

function readInput(sent: SentInput, buffers: Buffers): ModelInput {
  return { ...sent, values: valuesOf(sent, buffers) };
}

function valuesOf({ shape, values }: SentPicture | SentInput, buffers: Buffers): Float32Array {
  const [panels, rows, columns] = shape;
  return readFloat32(buffers, values, panels * rows * columns);
}
