/** The synchronised state of the drawing pad's widget. */

/** The state that the kernel sends. */
export interface PadState {
  readonly protocol: number;
  /** Number of pixels along one side. */
  readonly side: number;
  /** `side * side` values from 0 (black) to 1 (white), row major. */
  readonly pixels: readonly number[];
  /** The sentence below the pad. */
  readonly said: string;
}

/** The changes that a page sends after a stroke. */
export interface PadDrawing {
  /** The page's protocol version. */
  readonly page_protocol: number;
  readonly pixels: readonly number[];
}
