/** Where the tiles of a network are: inputs at the left, then each layer, the output at the right. */

export const TILE = 36;
const ROW = 46;
export const HEADER = 50;
const LABEL_ROOM = 46;
/** Room at the right of the last tile, for its head. */
export const RIGHT_ROOM = 18;
const MIN_ROWS = 4;

/** A tile: column 0 has the inputs, the others the layers. */
export interface UnitPlace {
  readonly column: number;
  readonly row: number;
}

export interface Places {
  readonly height: number;
  /** Left end of each column. */
  readonly lefts: readonly number[];
  /** Distance of two columns. */
  readonly columnWidth: number;
  top(place: UnitPlace): number;
}

/** Returns the places for columns with so many tiles each. */
export function placesOf(width: number, counts: readonly number[]): Places {
  const rows = Math.max(MIN_ROWS, ...counts);
  const height = HEADER + rows * ROW + 6;
  const room = width - LABEL_ROOM - TILE - RIGHT_ROOM;
  const columnWidth = room / Math.max(1, counts.length - 1);
  return {
    height,
    lefts: counts.map((_, column) => LABEL_ROOM + column * columnWidth),
    columnWidth,
    top: ({ row }) => HEADER + row * ROW,
  };
}

/** Returns the path of an edge between two tiles. */
export function edgePath(places: Places, from: UnitPlace, to: UnitPlace): string {
  const x0 = (places.lefts[from.column] as number) + TILE;
  const x1 = places.lefts[to.column] as number;
  const [y0, y1] = [places.top(from) + TILE / 2, places.top(to) + TILE / 2];
  const bend = (x1 - x0) / 2;
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

/** Returns the width of an edge, in px, which grows with the size of its weight. */
export function edgeWidth(weight: number): number {
  if (!Number.isFinite(weight)) return 2;
  return Math.min(9, 0.5 + 2.2 * Math.abs(weight));
}
