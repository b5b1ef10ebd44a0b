/** The synchronised state of the drawing pad's widget. */

/** Small images beside the drawing. */
export interface PadTiles {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** From 0 to 1, image by image, row by row. */
  readonly values: readonly number[];
}

/** The state that the kernel sends. */
export interface PadState {
  readonly protocol: number;
  /** Number of pixels along one side. */
  readonly side: number;
  /** `side * side` values from 0 (black) to 1 (white), row major. */
  readonly pixels: readonly number[];
  /** The sentence below the pad. */
  readonly said: string;
  readonly tiles: PadTiles;
}

/** The changes that a page sends after a stroke. */
export interface PadDrawing {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly pixels: readonly number[];
}
