/** Paints pictures of the plane in a scale from blue (negative) over grey to orange (positive). */

import { NOT_FINITE_COLOUR, pixelOf, pixelsOf } from "../../heat-map/scale";
import type { Picture } from "./state";

const CELL_VALUES = 256;
const NOT_FINITE = 255;
const ZERO = 127;
const HIGHEST = 254;
/** The canvas on which cells are pixels, before they are enlarged. */
let cellsCanvas: HTMLCanvasElement | null = null;
const tables = new Map<string, Uint32Array>();

/** Blue and orange, which colour-blind people tell apart as well. */
const LIGHT = ["#3f8fcb", "#9fc9e6", "#f6f6f6", "#f7bf8d", "#ea7f2b"] as const;
const DARK = ["#3f97d6", "#275d83", "#222222", "#87491b", "#dd7a2c"] as const;

/** Colours of edges, which lie beside the pictures, and of points, which lie on them. */
const EDGE_LIGHT = ["#1f78b4", "#d55e00"] as const;
const EDGE_DARK = ["#56b4e9", "#f0883e"] as const;
const POINT_LIGHT = ["#003a60", "#7d2f00"] as const;
const POINT_DARK = ["#a9dcff", "#ffc795"] as const;

export function paletteOf(dark: boolean): readonly string[] {
  return dark ? DARK : LIGHT;
}

export function edgeColour(isPositive: boolean, dark: boolean): string {
  return (dark ? EDGE_DARK : EDGE_LIGHT)[isPositive ? 1 : 0];
}

export function pointColour(isHigh: boolean, dark: boolean): string {
  return (dark ? POINT_DARK : POINT_LIGHT)[isHigh ? 1 : 0];
}

/**
 * Returns the colour of each value of a cell, in the pixel format of a canvas; of `isSharp`, the
 * full colour of its sign.
 */
export function valueTable(dark: boolean, isSharp = false): Uint32Array {
  const key = `${dark} ${isSharp}`;
  const known = tables.get(key);
  if (known) return known;
  const shades = pixelsOf(paletteOf(dark));
  const table = new Uint32Array(CELL_VALUES);
  for (let cell = 0; cell <= HIGHEST; cell++) {
    const place = isSharp ? Number(cell > ZERO) : cell / HIGHEST;
    table[cell] = shades[Math.round(place * (shades.length - 1))] as number;
  }
  table[NOT_FINITE] = pixelOf(NOT_FINITE_COLOUR);
  tables.set(key, table);
  return table;
}

/** Paints a picture over a whole canvas, in the colours of a table. */
export function paintPicture(
  canvas: HTMLCanvasElement,
  picture: Picture,
  table: Uint32Array,
): void {
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
