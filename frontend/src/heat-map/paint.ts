/** Paints the canvas of the heat map: one pixel per cell, enlarged without smoothing. */

import { type Bins, NO_SAMPLE } from "./cells";
import { type ColourScale, NOT_FINITE_COLOUR, pixelOf, pixelsOf, ZERO, zeroColour } from "./scale";

export interface HeatMapImage {
  readonly rows: readonly Float32Array[];
  readonly bins: Bins;
  readonly scale: ColourScale;
  readonly dark: boolean;
  /** Step of the cursor; null for none. */
  readonly cursor: number | null;
  readonly cursorColour: string;
  /** The first and the last step of a marked range; null for none. */
  readonly marked: readonly [first: number, last: number] | null;
  /** Whether each row is selected. */
  readonly selected: readonly boolean[];
  readonly rowHeight: number;
  /** A hidden canvas with one pixel per cell. */
  readonly cells: HTMLCanvasElement;
}

export function paint(canvas: HTMLCanvasElement, painting: HeatMapImage): void {
  const { rows, bins, rowHeight, cells } = painting;
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, rows.length * rowHeight];
  const pixels = [Math.round(width * ratio), Math.round(height * ratio)] as const;
  if (canvas.width !== pixels[0]) canvas.width = pixels[0];
  if (canvas.height !== pixels[1]) canvas.height = pixels[1];
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context || rows.length === 0 || width === 0) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  drawCells(painting);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, 0, 0, bins.count, rows.length, 0, 0, canvas.width, canvas.height);
  drawGaps(context, rows.length, canvas);
  drawMark(context, painting, ratio);
  drawSelection(context, painting, ratio);
  drawCursor(context, painting, ratio);
}

function drawCells({ rows, bins, scale, dark, cells }: HeatMapImage): void {
  cells.width = bins.count;
  cells.height = rows.length;
  const context = cells.getContext("2d");
  if (!context) return;
  const image = context.createImageData(bins.count, rows.length);
  const pixels = new Uint32Array(image.data.buffer);
  const [zero, notFinite] = [pixelOf(zeroColour(dark)), pixelOf(NOT_FINITE_COLOUR)];
  const shades = pixelsOf(scale.palette(dark));
  const finest = shades.length - 1;
  const perUnit = finest / (scale.high - scale.low || 1);
  rows.forEach((row, index) => {
    for (let bin = 0; bin < bins.count; bin++) {
      const cell = row[bin] as number;
      if (cell === NO_SAMPLE) continue;
      const shade = Math.min(finest, Math.max(0, Math.round((cell - scale.low) * perUnit)));
      const colour = Number.isNaN(cell) ? notFinite : cell === ZERO ? zero : shades[shade];
      pixels[index * bins.count + bin] = colour as number;
    }
  });
  context.putImageData(image, 0, 0);
}

/** Draws thin lines between the rows. */
function drawGaps(
  context: CanvasRenderingContext2D,
  rows: number,
  { width, height }: HTMLCanvasElement,
): void {
  for (let row = 1; row < rows; row++) {
    context.clearRect(0, Math.round((row * height) / rows), width, 1);
  }
}

/** Outlines the selected rows; rows that follow one another have a common outline. */
function drawSelection(
  context: CanvasRenderingContext2D,
  { selected, cursorColour }: HeatMapImage,
  ratio: number,
): void {
  const { width, height } = context.canvas;
  const line = 2 * ratio;
  context.strokeStyle = cursorColour;
  context.lineWidth = line;
  let first = selected.indexOf(true);
  while (first >= 0) {
    const next = selected.indexOf(false, first);
    const end = next < 0 ? selected.length : next;
    const [top, bottom] = [first, end].map((row) => (row * height) / selected.length);
    const tall = (bottom as number) - (top as number) - line;
    context.strokeRect(line / 2, (top as number) + line / 2, width - line, tall);
    first = selected.indexOf(true, end);
  }
}

/** Shades the steps outside of the marked range, and outlines the range. */
function drawMark(
  context: CanvasRenderingContext2D,
  { marked, bins, dark, cursorColour }: HeatMapImage,
  ratio: number,
): void {
  if (marked === null) return;
  const { width, height } = context.canvas;
  const perStep = width / (bins.count * bins.width);
  const clip = (x: number) => Math.min(width, Math.max(0, x));
  const from = clip((marked[0] - bins.start) * perStep);
  const to = clip((marked[1] + 1 - bins.start) * perStep);
  context.fillStyle = dark ? "#0009" : "#fffa";
  context.fillRect(0, 0, from, height);
  context.fillRect(to, 0, width - to, height);
  context.strokeStyle = cursorColour;
  context.lineWidth = 1.5 * ratio;
  context.strokeRect(from, ratio, Math.max(to - from, ratio), height - 2 * ratio);
}

function drawCursor(
  context: CanvasRenderingContext2D,
  { cursor, bins, cursorColour }: HeatMapImage,
  ratio: number,
): void {
  if (cursor === null) return;
  const { width, height } = context.canvas;
  const x = ((cursor - bins.start + 0.5) / (bins.count * bins.width)) * width;
  context.strokeStyle = cursorColour;
  context.lineWidth = 1.5 * ratio;
  context.setLineDash([3 * ratio, 3 * ratio]);
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
  context.setLineDash([]);
}
