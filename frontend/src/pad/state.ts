/** The pad's synchronized state; `labkit/learn/pad_state.py` is its twin. */
export interface PadState {
  /** Version of the protocol, `PROTOCOL_VERSION`. */
  readonly protocol: number;
  /** Pixels per side of the image. */
  readonly side: number;
  /** The image row by row, `side * side` numbers from 0 (black) to 1; set by the page. */
  readonly pixels: readonly number[];
  /** The sentence below the pad; set by the kernel. */
  readonly said: string;
}
