/** Where a grid of logits is zero: marching squares. */

/** A segment from one place to another, as fractions from the left and from the top edge. */
export type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** Returns the line on which a square grid is zero. */
export function boundarySegments(grid: Float32Array, side: number): Segment[] {
  const found: Segment[] = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      const at = (down: number, right: number) => grid[(row + down) * side + column + right] ?? 0;
      const crossings = cellCrossings(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        const [x0, y0] = crossings[pair] as readonly [number, number];
        const [x1, y1] = crossings[pair + 1] as readonly [number, number];
        const scale = side - 1;
        found.push([
          (column + x0) / scale,
          (row + y0) / scale,
          (column + x1) / scale,
          (row + y1) / scale,
        ]);
      }
    }
  }
  return found;
}

/** Returns the places on the edges of a cell where it is zero: none, two or four. */
function cellCrossings(
  topLeft: number,
  topRight: number,
  bottomLeft: number,
  bottomRight: number,
): (readonly [number, number])[] {
  const edges = [
    [topLeft, topRight, 0, 0, 1, 0],
    [topLeft, bottomLeft, 0, 0, 0, 1],
    [bottomLeft, bottomRight, 0, 1, 1, 0],
    [topRight, bottomRight, 1, 0, 0, 1],
  ] as const;
  return edges
    .filter(([from, to]) => from > 0 !== to > 0)
    .map(([from, to, x, y, right, down]) => {
      const share = from / (from - to);
      return [x + share * right, y + share * down] as const;
    });
}
