/** The pixels that a stroke crosses: a fast pointer reports few places, far apart. */

/** A place in pixels, with fractions. */
export interface Point {
  readonly row: number;
  readonly column: number;
}

const STEPS_PER_PIXEL = 4;

/** Returns the pixels on the way between two places, without the one it begins in. */
export function pixelsBetween(from: Point, to: Point): (readonly [row: number, column: number])[] {
  const [down, right] = [to.row - from.row, to.column - from.column];
  const steps = Math.ceil(Math.hypot(down, right) * STEPS_PER_PIXEL);
  const crossed: (readonly [number, number])[] = [];
  let [lastRow, lastColumn] = [Math.floor(from.row), Math.floor(from.column)];
  for (let step = 1; step <= steps; step += 1) {
    const row = Math.floor(from.row + (down * step) / steps);
    const column = Math.floor(from.column + (right * step) / steps);
    if (row === lastRow && column === lastColumn) continue;
    crossed.push([row, column]);
    [lastRow, lastColumn] = [row, column];
  }
  return crossed;
}
