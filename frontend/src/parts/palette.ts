/** The colour palette of magnitudes in all views. */

/** Viridis from low to high: perceptually uniform, and suitable for colour-blind people. */
export const PALETTE = [
  "#440154",
  "#482475",
  "#414487",
  "#355f8d",
  "#2a788e",
  "#21918c",
  "#22a884",
  "#44bf70",
  "#7ad151",
  "#bddf26",
  "#fde725",
] as const;
