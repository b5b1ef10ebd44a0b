/** What a threshold makes of the samples: hits, misses, false alarms, and what they cost. */

export interface Decided {
  readonly logits: Float32Array;
  readonly labels: Uint8Array;
}

export interface Counts {
  readonly hits: number;
  readonly misses: number;
  readonly alarms: number;
  readonly leftAlone: number;
}

/** Thresholds that the slider can have, as logits. */
export const CUTS: readonly number[] = Array.from({ length: 201 }, (_, at) => (at - 100) / 10);

/** Returns the text of the probability of a logit, exact enough near 0 and 1. */
export function probabilityText(logit: number): string {
  const p = 1 / (1 + Math.exp(-logit));
  return `${Number(p.toFixed(p < 0.01 || p > 0.99 ? 5 : 3))}`;
}

/** Counts the samples, of which those are flagged whose logit is larger than the threshold. */
export function countAt({ logits, labels }: Decided, cut: number): Counts {
  const counts = { hits: 0, misses: 0, alarms: 0, leftAlone: 0 };
  logits.forEach((logit, sample) => {
    const flagged = logit > cut;
    if (labels[sample] === 1) counts[flagged ? "hits" : "misses"] += 1;
    else counts[flagged ? "alarms" : "leftAlone"] += 1;
  });
  return counts;
}

export function costOf(counts: Counts, price: number): number {
  return price * counts.misses + counts.alarms;
}

/** Returns the threshold with the lowest cost; the smallest if there are several. */
export function cheapestCut(decided: Decided, price: number): number {
  let [best, lowest] = [CUTS[0] ?? 0, Number.POSITIVE_INFINITY];
  for (const cut of CUTS) {
    const cost = costOf(countAt(decided, cut), price);
    if (cost < lowest) [best, lowest] = [cut, cost];
  }
  return best;
}

/** Returns a share in two digits, or a dash where there is nothing to divide by. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : (part / whole).toFixed(2);
}
