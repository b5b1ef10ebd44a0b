/** The points on the picture of the plane, and marks on those that are misclassified. */

import { classPointColour, traceShape } from "./class-colours";
import { isMisclassified } from "./misclassified";
import { paletteOf, pointColour } from "./painting";
import type { Frame, Setup } from "./state";

const RADIUS = 3.2;
const MARK_RADIUS = 5.5;

/** Draws all points over a whole canvas. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  setup: Setup,
  showTest: boolean,
  dark: boolean,
): void {
  const { message } = setup;
  const ratio = globalThis.devicePixelRatio || 1;
  const colour = coloursOf(setup, dark);
  // The points of a regression have the colours of the picture itself.
  const outline = message.regression ? (dark ? "#ddd" : "#333") : dark ? "#111" : "#fff";
  const inside = dark ? "#1b1b1b" : "#fff";
  const radius = RADIUS * ratio;
  eachPoint(context, setup, showTest, (place, y, isTest) => {
    const isRing = isTest && !message.regression;
    context.beginPath();
    if (isTest && message.regression) {
      context.rect(place[0] - radius, place[1] - radius, 2 * radius, 2 * radius);
    } else traceShape(context, message.outputs > 1 ? y : 0, place, radius);
    context.fillStyle = isRing ? inside : colour(y);
    context.strokeStyle = isRing ? colour(y) : outline;
    context.lineWidth = (isRing ? 1.8 : 1.1) * ratio;
    context.fill();
    context.stroke();
  });
}

/** Draws a circle around each point that is misclassified. */
export function markMisclassified(
  context: CanvasRenderingContext2D,
  setup: Setup,
  { misclassified }: Frame,
  showTest: boolean,
  dark: boolean,
): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const radius = MARK_RADIUS * ratio;
  context.beginPath();
  eachPoint(context, setup, showTest, ([x, y], _, __, index) => {
    if (!isMisclassified(misclassified, index)) return;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  });
  context.strokeStyle = dark ? "#ffffffcc" : "#000000b0";
  context.lineWidth = ratio;
  context.stroke();
}

function eachPoint(
  { canvas }: CanvasRenderingContext2D,
  { message, points }: Setup,
  showTest: boolean,
  draw: (place: [number, number], y: number, isTest: boolean, index: number) => void,
): void {
  const [left, right, bottom, top] = message.plane;
  const count = showTest ? points.length / 3 : message.train_points;
  for (let index = 0; index < count; index++) {
    const x1 = points[3 * index] as number;
    const x2 = points[3 * index + 1] as number;
    const x = ((x1 - left) / (right - left)) * canvas.width;
    const fromTop = ((top - x2) / (top - bottom)) * canvas.height;
    draw([x, fromTop], points[3 * index + 2] as number, index >= message.train_points, index);
  }
}

function coloursOf({ message }: Setup, dark: boolean): (y: number) => string {
  const { outputs, regression, y_range } = message;
  const palette = paletteOf(dark);
  if (outputs > 1) return (y) => classPointColour(y, dark);
  if (!regression) return (y) => pointColour(y > 0.5, dark);
  const [low, high] = y_range;
  return (y) => palette[Math.round(((y - low) / (high - low || 1)) * 4)] ?? "#888";
}
