/** The colours of magnitudes in all views. */

/** Viridis from low to high: even in lightness, distinguishable with any colour vision. */
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
