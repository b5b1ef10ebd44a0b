/** Decodes gradient histograms from a message. */

import type { HistogramsMessage } from "../messages/kernel";
import type { GradientHistogram } from "../session";
import { type Buffers, readFloat32, readFloat64 } from "./buffers";

export function readHistograms(
  sent: HistogramsMessage,
  buffers: Buffers,
): readonly GradientHistogram[] {
  const { names } = sent;
  const steps = readFloat64(buffers, sent.steps);
  const edges = readFloat64(buffers, sent.edges);
  const bins = names.length > 0 ? edges.length / names.length - 1 : 0;
  const counts = readFloat32(buffers, sent.counts, names.length * bins);
  return names
    .map((name, place) => ({
      name,
      step: steps[place] as number,
      edges: edges.subarray(place * (bins + 1), (place + 1) * (bins + 1)),
      counts: counts.subarray(place * bins, (place + 1) * bins),
    }))
    .filter(({ step }) => !Number.isNaN(step));
}
