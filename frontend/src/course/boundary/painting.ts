/** Paints the plane, the boundary, the samples and their pulls on a canvas. */

import { boundarySegments } from "./contour";
import { isWrong, type Moment, probability, type Samples } from "./moment";

/** Size of the plane in units of the drawing; the canvas scales it. */
export const WIDTH = 480;
export const HEIGHT = 340;
/** Length of the arrow of a pull of 1. */
const ARROW = 46;
const SHORTEST = 1.5;
const [RADIUS, LARGE_RADIUS, FEW] = [3.4, 6.5, 40];
const INK = "#1a1a1a";
const PAPER = "#ffffff";
const PICKED = "#c2008f";
export const CLASS_COLOURS = ["#054e8c", "#b24605"] as const;

/** The middle of the diverging scale of the course's pictures, from class 0 to class 1. */
const STOPS = [
  [100, 170, 215],
  [247, 247, 247],
  [240, 160, 90],
] as const;

export interface Painted {
  readonly samples: Samples;
  readonly moment: Moment;
  readonly side: number;
  /** The ends of the plane. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly picked: number | null;
  readonly arrows: boolean;
}

export function paint(context: CanvasRenderingContext2D, shown: Painted): void {
  paintMap(context, shown.moment.grid, shown.side);
  context.strokeStyle = INK;
  context.lineWidth = 2;
  context.beginPath();
  for (const [x0, y0, x1, y1] of boundarySegments(shown.moment.grid, shown.side)) {
    context.moveTo(x0 * WIDTH, y0 * HEIGHT);
    context.lineTo(x1 * WIDTH, y1 * HEIGHT);
  }
  context.stroke();
  if (shown.arrows) paintArrows(context, shown);
  for (let sample = 0; sample < shown.samples.count; sample += 1) {
    const hue = CLASS_COLOURS[shown.samples.labels[sample] === 1 ? 1 : 0];
    const wrong = isWrong(shown.samples, shown.moment, sample);
    mark(context, shown.samples, sample, wrong ? PAPER : hue, wrong ? hue : PAPER);
  }
  if (shown.picked !== null) ring(context, shown.samples, shown.picked);
}

/** Returns the arrow of a sample: perpendicular to the boundary as it is drawn. */
export function arrowOf(shown: Painted, sample: number): readonly [number, number] {
  const { moment } = shown;
  const [left = 0, right = 1] = shown.x;
  const [bottom = 0, top = 1] = shown.y;
  // A gradient with respect to a position scales inversely to it.
  const slopeAcross = ((moment.directions[2 * sample] ?? 0) * (right - left)) / WIDTH;
  const slopeDown = (-(moment.directions[2 * sample + 1] ?? 0) * (top - bottom)) / HEIGHT;
  const length = Math.hypot(slopeAcross, slopeDown);
  if (length === 0) return [0, 0];
  const scale = (-ARROW * (moment.pulls[sample] ?? 0)) / length;
  return [slopeAcross * scale, slopeDown * scale];
}

function paintMap(context: CanvasRenderingContext2D, grid: Float32Array, side: number): void {
  const pixels = new ImageData(side, side);
  grid.forEach((logit, place) => {
    const share = 2 * (0.04 + 0.92 * probability(logit));
    const [from, to] = share < 1 ? [STOPS[0], STOPS[1]] : [STOPS[1], STOPS[2]];
    const rest = share < 1 ? share : share - 1;
    for (const channel of [0, 1, 2] as const) {
      pixels.data[4 * place + channel] = from[channel] + rest * (to[channel] - from[channel]);
    }
    pixels.data[4 * place + 3] = 255;
  });
  const small = document.createElement("canvas");
  small.width = small.height = side;
  small.getContext("2d")?.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  // The places of the grid are the centres of its pixels, and the plane ends at the outer ones.
  context.drawImage(small, 0.5, 0.5, side - 1, side - 1, 0, 0, WIDTH, HEIGHT);
}

function paintArrows(context: CanvasRenderingContext2D, shown: Painted): void {
  context.strokeStyle = INK;
  context.lineWidth = 1;
  context.beginPath();
  for (let sample = 0; sample < shown.samples.count; sample += 1) {
    const [right, down] = arrowOf(shown, sample);
    const length = Math.hypot(right, down);
    if (length < SHORTEST) continue;
    const [x, y] = placeOf(shown.samples, sample);
    context.moveTo(x, y);
    context.lineTo(x + right, y + down);
    const barb = Math.min(5, length);
    for (const turn of [2.6, -2.6]) {
      const angle = Math.atan2(down, right) + turn;
      context.moveTo(x + right, y + down);
      context.lineTo(x + right + barb * Math.cos(angle), y + down + barb * Math.sin(angle));
    }
  }
  context.stroke();
}

function mark(
  context: CanvasRenderingContext2D,
  samples: Samples,
  sample: number,
  fill: string,
  stroke: string,
): void {
  const [x, y] = placeOf(samples, sample);
  const radius = radiusFor(samples.count);
  context.beginPath();
  if (samples.labels[sample] === 1) {
    const r = radius * 1.35;
    context.moveTo(x, y - r);
    context.lineTo(x + 0.87 * r, y + 0.5 * r);
    context.lineTo(x - 0.87 * r, y + 0.5 * r);
    context.closePath();
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = stroke;
  context.stroke();
}

/** Few samples have larger marks. */
function radiusFor(count: number): number {
  return count < FEW ? LARGE_RADIUS : RADIUS;
}

function ring(context: CanvasRenderingContext2D, samples: Samples, sample: number): void {
  const [x, y] = placeOf(samples, sample);
  context.beginPath();
  context.arc(x, y, radiusFor(samples.count) + 5.5, 0, 2 * Math.PI);
  context.lineWidth = 2.5;
  context.strokeStyle = PICKED;
  context.stroke();
}

export function placeOf(samples: Samples, sample: number): readonly [number, number] {
  return [(samples.across[sample] ?? 0) * WIDTH, (samples.down[sample] ?? 0) * HEIGHT];
}
