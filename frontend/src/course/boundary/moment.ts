/** Decodes the samples and the moments of a boundary view. */

import type { BoundaryMoment, BoundaryPlane } from "../../messages/boundary";
import { bytesOf, floatsOf } from "./decoding";

export interface Samples {
  readonly count: number;
  /** Positions as fractions of the plane, from its left and from its top edge. */
  readonly across: Float32Array;
  readonly down: Float32Array;
  /** The two features as they are. */
  readonly points: Float32Array;
  readonly labels: Uint8Array;
}

export interface Moment {
  readonly index: number;
  readonly count: number;
  readonly step: number;
  readonly grid: Float32Array;
  readonly logits: Float32Array;
  readonly losses: Float32Array;
  readonly pulls: Float32Array;
  readonly directions: Float32Array;
}

export interface Totals {
  readonly wrong: number;
  readonly loss: number;
  /** The sums of the pulls towards class 0 and towards class 1; both positive. */
  readonly towards: readonly [number, number];
}

export function decodeSamples(plane: BoundaryPlane): Samples {
  const points = floatsOf(plane.points);
  const labels = bytesOf(plane.labels);
  const count = labels.length;
  const [left = 0, right = 1] = plane.x;
  const [bottom = 0, top = 1] = plane.y;
  const across = new Float32Array(count);
  const down = new Float32Array(count);
  for (let sample = 0; sample < count; sample += 1) {
    across[sample] = ((points[2 * sample] ?? 0) - left) / (right - left);
    down[sample] = (top - (points[2 * sample + 1] ?? 0)) / (top - bottom);
  }
  return { count, across, down, points, labels };
}

export function decodeMoment(moment: BoundaryMoment): Moment {
  return {
    index: moment.index,
    count: moment.count,
    step: moment.step,
    grid: floatsOf(moment.grid),
    logits: floatsOf(moment.logits),
    losses: floatsOf(moment.losses),
    pulls: floatsOf(moment.pulls),
    directions: floatsOf(moment.directions),
  };
}

export function isWrong(samples: Samples, moment: Moment, sample: number): boolean {
  return (moment.logits[sample] ?? 0) > 0 !== (samples.labels[sample] === 1);
}

export function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

export function totals(samples: Samples, moment: Moment): Totals {
  let wrong = 0;
  let loss = 0;
  const towards: [number, number] = [0, 0];
  for (let sample = 0; sample < samples.count; sample += 1) {
    const pull = moment.pulls[sample] ?? 0;
    wrong += Number(isWrong(samples, moment, sample));
    loss += moment.losses[sample] ?? 0;
    if (pull > 0) towards[1] += pull;
    else towards[0] -= pull;
  }
  return { wrong, loss: loss / samples.count, towards };
}
