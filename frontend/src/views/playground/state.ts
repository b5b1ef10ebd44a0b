/** What the kernel sends, with its buffers decoded. */

import { type Buffers, readBytes, readFloat64 } from "../../decoding/buffers";
import type { PlaygroundFrame, PlaygroundLayer, PlaygroundSetup } from "../../messages/playground";

/** A picture of the plane, and the value that it draws in its full colour. */
export interface Picture {
  readonly cells: Uint8Array;
  readonly side: number;
  readonly scale: number;
}

export interface Setup {
  readonly message: PlaygroundSetup;
  readonly points: Float32Array;
  readonly previews: Float32Array;
  readonly features: readonly Picture[];
  readonly history: Float64Array;
}

export interface Frame {
  readonly message: PlaygroundFrame;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly weights: Float32Array;
  /** The pictures of all hidden units, layer by layer, and of the outputs if there are several. */
  readonly units: readonly Picture[];
  readonly output: Picture;
  /** A bit for each point; none for values. */
  readonly misclassified: Uint8Array;
}

export function readSetup(message: PlaygroundSetup, buffers: Buffers): Setup {
  return {
    message,
    points: readFloats(buffers, message.points),
    previews: readFloats(buffers, message.previews),
    features: picturesIn(
      readBytes(buffers, message.feature_maps),
      readFloats(buffers, message.feature_scales),
    ),
    history: readFloat64(buffers, message.history),
  };
}

export function readFrame(message: PlaygroundFrame, buffers: Buffers): Frame {
  const losses = readFloat64(buffers, message.losses);
  const [output] = picturesIn(readBytes(buffers, message.output_map), new Float32Array([1]));
  return {
    message,
    trainLoss: losses[0] ?? Number.NaN,
    testLoss: losses[1] ?? Number.NaN,
    weights: readFloats(buffers, message.weights),
    units: picturesIn(
      readBytes(buffers, message.unit_maps),
      readFloats(buffers, message.unit_scales),
    ),
    output: output as Picture,
    misclassified: readBytes(buffers, message.misclassified),
  };
}

function readFloats(buffers: Buffers, index: number): Float32Array {
  return new Float32Array(readBytes(buffers, index).buffer);
}

/** Returns square pictures of equal sizes; their number is that of the scales. */
function picturesIn(cells: Uint8Array, scales: Float32Array): Picture[] {
  const size = cells.length / scales.length;
  const side = Math.round(Math.sqrt(size));
  return Array.from(scales, (scale, place) => ({
    cells: cells.subarray(place * size, (place + 1) * size),
    side,
    scale,
  }));
}

/** Where the weights of a unit are in those of the network. */
export interface WeightPlace {
  readonly first: number;
  readonly count: number;
  readonly bias: number;
}

/** Returns where the weights of a unit are; outputs that are no layer's have none. */
export function weightPlace(
  layers: readonly PlaygroundLayer[],
  layer: number,
  unit: number,
): WeightPlace {
  let start = 0;
  for (const before of layers.slice(0, layer)) start += (before.inputs + 1) * before.units;
  const { inputs: count, units } = layers[layer] as PlaygroundLayer;
  const bias = count === 0 ? Number.NaN : start + units * count + unit;
  return { first: start + unit * count, count, bias };
}

/** Returns the picture of a unit, or of an output. */
export function pictureOf(
  frame: Frame,
  { layers, outputs }: PlaygroundSetup,
  layer: number,
  unit: number,
): Picture | undefined {
  if (layer === layers.length - 1 && outputs === 1) return frame.output;
  const before = layers.slice(0, layer).reduce((sum, { units }) => sum + units, 0);
  return frame.units[before + unit];
}
