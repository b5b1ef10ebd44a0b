/** Paints pictures of the plane in a scale from blue (negative) over grey to orange (positive). */

import { NOT_FINITE_COLOUR, pixelOf, pixelsOf } from "../../heat-map/scale";
import type { Picture } from "./state";

const CELL_VALUES = 256;
const NOT_FINITE = 255;
const HIGHEST = 254;
/** The canvas on which cells are pixels, before they are enlarged. */
let cellsCanvas: HTMLCanvasElement | null = null;
const tables = new Map<boolean, Uint32Array>();

/** Blue and orange, which colour-blind people tell apart as well. */
const LIGHT = ["#1a6fb0", "#8cbce0", "#f4f4f4", "#f6b47c", "#d55e00"] as const;
const DARK = ["#56b4e9", "#2b6a99", "#242424", "#a3571b", "#f0883e"] as const;

/** Colours of points and edges, which stand out from the pictures. */
const STRONG_LIGHT = ["#00568c", "#b34700"] as const;
const STRONG_DARK = ["#8fd0f7", "#ffab66"] as const;

export function paletteOf(dark: boolean): readonly string[] {
  return dark ? DARK : LIGHT;
}

/** Returns the colour of a point or an edge by its sign. */
export function strongColour(isPositive: boolean, dark: boolean): string {
  return (dark ? STRONG_DARK : STRONG_LIGHT)[isPositive ? 1 : 0];
}

/** Returns the colour of each value of a cell, in the pixel format of a canvas. */
function tableOf(dark: boolean): Uint32Array {
  const known = tables.get(dark);
  if (known) return known;
  const shades = pixelsOf(paletteOf(dark));
  const table = new Uint32Array(CELL_VALUES);
  for (let cell = 0; cell <= HIGHEST; cell++) {
    table[cell] = shades[Math.round((cell / HIGHEST) * (shades.length - 1))] as number;
  }
  table[NOT_FINITE] = pixelOf(NOT_FINITE_COLOUR);
  tables.set(dark, table);
  return table;
}

/** Paints a picture over a whole canvas. */
export function paintPicture(canvas: HTMLCanvasElement, picture: Picture, dark: boolean): void {
  const context = canvas.getContext("2d");
  if (!context || picture.cells.length === 0) return;
  const { side, cells } = picture;
  cellsCanvas ??= document.createElement("canvas");
  if (cellsCanvas.width !== side || cellsCanvas.height !== side) {
    cellsCanvas.width = side;
    cellsCanvas.height = side;
  }
  const small = cellsCanvas.getContext("2d");
  if (!small) return;
  const image = small.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const table = tableOf(dark);
  for (let index = 0; index < cells.length; index++) {
    pixels[index] = table[cells[index] as number] as number;
  }
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(cellsCanvas, 0, 0, side, side, 0, 0, canvas.width, canvas.height);
}

/** Sets the number of pixels of a canvas to that of its place on the screen. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
}
