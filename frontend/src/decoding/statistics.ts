/** Decodes statistics of a tensor from a message. */

import type { SentStatistics } from "../messages/values";
import type { Statistics } from "../session";
import { type Buffers, readFloat64 } from "./buffers";

export function readStatistics(sent: SentStatistics | null, buffers: Buffers): Statistics | null {
  if (sent === null) return null;
  const numbers = readFloat64(buffers, sent.numbers);
  const at = (place: number) => numbers[place] ?? Number.NaN;
  return {
    shape: sent.shape,
    dtype: sent.dtype,
    step: sent.step,
    sampled: sent.sampled,
    minimum: at(0),
    maximum: at(1),
    mean: at(2),
    standardDeviation: at(3),
    zeros: sent.zeros,
    notFinite: sent.not_finite,
    edges: readFloat64(buffers, sent.edges),
    counts: readFloat64(buffers, sent.counts),
  };
}
