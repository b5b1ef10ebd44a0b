/** Where the window stands, and what is multiplied there. */

import type { SlidingState, SlidingTable } from "../../messages/sliding";

/** A place in a table. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** What is computed at one place of the window. */
export interface WindowSum {
  /** Pixels, weights and products, row major. */
  readonly pixels: readonly number[];
  readonly products: readonly number[];
  readonly sum: number;
}

type Setting = Pick<SlidingState, "image" | "weights" | "stride" | "padding">;

/** Returns the size of the feature map; 0 where the kernel does not fit. */
export function mapSize({ image, weights, stride, padding }: Setting): SlidingTable {
  const fits = (length: number, kernel: number) =>
    Math.max(0, Math.floor((length + 2 * padding - kernel) / stride) + 1);
  const [rows, columns] = [fits(image.rows, weights.rows), fits(image.columns, weights.columns)];
  return { rows, columns, values: [] };
}

/** Returns the pixel of the padded image; outside the image it is 0. */
export function pixelAt(image: SlidingTable, row: number, column: number): number {
  const inside = row >= 0 && column >= 0 && row < image.rows && column < image.columns;
  return inside ? (image.values[row * image.columns + column] ?? 0) : 0;
}

/** Returns the products under the window that makes one cell of the map. */
export function windowSum(setting: Setting, at: Place): WindowSum {
  const { image, weights, stride, padding } = setting;
  const pixels = weights.values.map((_, place) =>
    pixelAt(
      image,
      at.row * stride - padding + Math.floor(place / weights.columns),
      at.column * stride - padding + (place % weights.columns),
    ),
  );
  const products = pixels.map((pixel, place) => pixel * (weights.values[place] ?? 0));
  return { pixels, products, sum: products.reduce((sum, product) => sum + product, 0) };
}

/** Returns the nearest place of a table. */
export function within(table: SlidingTable, { row, column }: Place): Place {
  const clamp = (value: number, length: number) => Math.min(Math.max(value, 0), length - 1);
  return { row: clamp(row, table.rows), column: clamp(column, table.columns) };
}

/** Returns the place next to one, by an arrow key or Home or End; null for other keys. */
export function placeByKey(key: string, at: Place, table: SlidingTable): Place | null {
  const { row, column } = at;
  const moved: Readonly<Record<string, Place>> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    Home: { row: 0, column: 0 },
    End: { row: table.rows - 1, column: table.columns - 1 },
  };
  const place = moved[key];
  return place ? within(table, place) : null;
}

/** Returns a number with at most so many decimals. */
export function short(value: number, decimals = 2): string {
  const rounded = Number(value.toFixed(decimals));
  return String(rounded === 0 ? 0 : rounded).replace("-", "−");
}
