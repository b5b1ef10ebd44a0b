/** Icons of buttons: lines of 16 x 16 px in the colour of the text. */

const NAMESPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  /** A card becomes as wide as the page. */
  widen: "M6 4 2 8l4 4M10 4l4 4-4 4M2 8h12",
  /** A card goes back to the tabs. */
  narrow: "M2 4l4 4-4 4M14 4l-4 4 4 4",
  /** Only one line remains. */
  compact: "M3 3h10M5 11l3-3 3 3",
  /** All cards are shown. */
  whole: "M3 3h10M5 8l3 3 3-3",
  /** A file is saved. */
  save: "M8 2v8M4.5 6.5 8 10l3.5-3.5M2 13h12",
  screen: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  leaveScreen: "M6 2v4H2M14 6h-4V2M10 14v-4h4M2 10h4v4",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("d", PATHS[name]);
  svg.setAttribute("class", "labkit-icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  return svg;
}
