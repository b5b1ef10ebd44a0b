/** Paints values into the pixels of a canvas, one for each value. */

import { NOT_FINITE_COLOUR, pixelOf, pixelsOf } from "../../heat-map/scale";
import type { ModelInput, Picture } from "../../session";
import type { PictureColours } from "./colours";

/** Paints pixels whose colours `colourOf` returns, as 0xAABBGGRR. */
export function paintPixels(
  canvas: HTMLCanvasElement,
  rows: number,
  columns: number,
  colourOf: (index: number) => number,
): void {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < rows * columns; index++) pixels[index] = colourOf(index);
  context.putImageData(image, 0, 0);
}

/** Paints a panel of a picture, or of an input, with a colour scale. */
export function paintPanel(
  canvas: HTMLCanvasElement,
  { shape, values }: Pick<Picture | ModelInput, "shape" | "values">,
  place: number,
  colours: PictureColours,
): void {
  const [, rows, columns] = shape;
  const shades = pixelsOf(colours.palette);
  const notFinite = pixelOf(NOT_FINITE_COLOUR);
  const scale = (shades.length - 1) / (colours.high - colours.low);
  const start = place * rows * columns;
  paintPixels(canvas, rows, columns, (index) => {
    const value = values[start + index] as number;
    if (!Number.isFinite(value)) return notFinite;
    const shade = Math.round((value - colours.low) * scale);
    return shades[Math.min(shades.length - 1, Math.max(0, shade))] as number;
  });
}
