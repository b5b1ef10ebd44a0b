/** The drawing as a self-contained SVG file. */

import { setAttributes, svg } from "../drawing/elements";
import type { Rect } from "../layout/placement";

const MARGIN = 16;
/** CSS properties that are copied from the page's style sheets. */
const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
] as const;

export interface StandaloneSvg {
  readonly markup: string;
  readonly width: number;
  readonly height: number;
}

/** Returns the source of an SVG file with copies of `parts` and their computed style. */
export function standaloneSvg(
  parts: readonly SVGElement[],
  bounds: Rect,
  background: string,
): StandaloneSvg {
  const box = {
    x: bounds.x - MARGIN,
    y: bounds.y - MARGIN,
    width: bounds.width + 2 * MARGIN,
    height: bounds.height + 2 * MARGIN,
  };
  const { x, y, width, height } = box;
  const root = svg("svg", { viewBox: `${x} ${y} ${width} ${height}`, width, height });
  root.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  root.append(svg("rect", { ...box, fill: plainColour(background) }));
  for (const part of parts) {
    const copy = part.cloneNode(true) as SVGElement;
    copyStyle(part, copy);
    copy.removeAttribute("transform");
    root.append(copy);
  }
  return { markup: new XMLSerializer().serializeToString(root), width, height };
}

function copyStyle(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  const values = PROPERTIES.map((name) => [name, plainColour(style.getPropertyValue(name))]);
  setAttributes(to, Object.fromEntries(values.filter(([, value]) => value !== "")));
  for (const name of ["class", "style", "tabindex", "role"]) to.removeAttribute(name);
  [...from.children].forEach((child, place) => {
    const copy = to.children[place];
    if (copy) copyStyle(child, copy);
  });
}

/**
 * Converts "color(srgb 0.5 0.5 0.5 / 0.3)", which few programs support, to
 * "rgba(128, 128, 128, 0.3)".
 */
export function plainColour(value: string): string {
  const found = /^color\(srgb ([\d.e+-]+) ([\d.e+-]+) ([\d.e+-]+)(?: \/ ([\d.]+))?\)$/.exec(value);
  if (!found) return value.startsWith("context-") ? "#888" : value;
  const [red, green, blue] = found.slice(1, 4).map((part) => Math.round(Number(part) * 255));
  return found[4]
    ? `rgba(${red}, ${green}, ${blue}, ${found[4]})`
    : `rgb(${red}, ${green}, ${blue})`;
}
