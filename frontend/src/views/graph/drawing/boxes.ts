/** Draws boxes and frames as SVG groups whose origin is the top left corner. */

import {
  CHEVRON,
  type FittedLabel,
  MODULE_PADDING,
  type Size,
  STRIP,
  TITLE_BAR,
} from "../layout/measure";
import type { Container, Item } from "../model/visible-graph";
import { svg } from "./elements";

const GAP = 8;
/** Distance from the middle of a line to its baseline, as a fraction of the font size. */
const BASELINE = 0.36;

export function drawItem(item: Item, fitted: FittedLabel): SVGGElement {
  return item.kind === "module" ? drawModule(item.id, fitted) : drawPill(item, fitted);
}

/**
 * A folded module: a colour strip, title and parameter count in the first line, type and shape
 * below.
 */
function drawModule(id: string, fitted: FittedLabel): SVGGElement {
  const group = button("labkit-graph-module", false);
  group.setAttribute("data-labkit-node", id);
  const { width, height } = fitted;
  const first = TITLE_BAR / 2;
  const left = STRIP + MODULE_PADDING - 4;
  group.append(
    svg("rect", { class: "labkit-graph-stack", x: 4, y: 4, width, height, rx: 8 }),
    svg("rect", { class: "labkit-graph-body", width, height, rx: 8 }),
    svg("path", { class: "labkit-graph-strip", d: stripPath(height) }),
    chevron(left, first, false),
    text("labkit-graph-title", left + CHEVRON, first, 13, fitted.title),
    ...badge(width - MODULE_PADDING + 4, first, fitted),
  );
  if (fitted.subtitle) group.append(text("labkit-graph-subtitle", left, 33, 11, fitted.subtitle));
  return group;
}

function drawPill(item: Exclude<Item, { kind: "module" }>, fitted: FittedLabel): SVGGElement {
  const { width, height } = fitted;
  const group = svg("g", { class: `labkit-graph-pill labkit-graph-${item.kind}`, tabindex: -1 });
  group.setAttribute("data-labkit-node", item.id);
  group.setAttribute("role", "img");
  const rx = item.kind === "parameter" ? 4 : height / 2;
  group.append(
    svg("rect", { class: "labkit-graph-body", width, height, rx }),
    text("labkit-graph-name", 13, height / 2, 12, fitted.title),
  );
  if (fitted.subtitle) {
    const x = 13 + fitted.titleWidth + GAP;
    group.append(text("labkit-graph-detail", x, height / 2, 11, fitted.subtitle));
  }
  return group;
}

/** An open module: a frame with a title bar, which folds it when it is clicked. */
export function drawFrame(container: Container, fitted: FittedLabel, size: Size): SVGGElement {
  const group = svg("g", { class: "labkit-graph-frame" });
  group.setAttribute("data-labkit-module", container.id);
  const bar = button("labkit-graph-bar", true);
  const middle = TITLE_BAR / 2;
  const left = STRIP + MODULE_PADDING - 4;
  bar.append(
    svg("path", { class: "labkit-graph-bar-body", d: barPath(size.width) }),
    chevron(left, middle, true),
    text("labkit-graph-title", left + CHEVRON, middle, 13, fitted.title),
  );
  if (fitted.subtitle) {
    const x = left + CHEVRON + fitted.titleWidth + GAP;
    bar.append(text("labkit-graph-subtitle", x, middle, 11, fitted.subtitle));
  }
  bar.append(...badge(size.width - MODULE_PADDING + 4, middle, fitted));
  group.append(svg("rect", { class: "labkit-graph-frame-body", rx: 10, ...size }), bar);
  return group;
}

function button(name: string, open: boolean): SVGGElement {
  return svg("g", { class: name, tabindex: 0, role: "button", "aria-expanded": String(open) });
}

function text(name: string, x: number, middle: number, size: number, content: string): SVGElement {
  return svg("text", { class: name, x, y: middle + size * BASELINE }, content);
}

/** Returns a badge whose right end is at x. */
function badge(x: number, middle: number, fitted: FittedLabel): SVGElement[] {
  if (!fitted.badge) return [];
  const width = fitted.badgeWidth;
  const left = x - width;
  return [
    svg("rect", { class: "labkit-graph-badge", x: left, y: middle - 8, width, height: 16, rx: 8 }),
    text("labkit-graph-badge-text", left + 6, middle, 11, fitted.badge),
  ];
}

function chevron(x: number, middle: number, open: boolean): SVGElement {
  const d = open ? `M${x},${middle - 2}l4,4l4,-4` : `M${x + 2},${middle - 4}l4,4l-4,4`;
  return svg("path", { class: "labkit-graph-chevron", d });
}

/** Returns the SVG path of the strip at the left end of a box. */
function stripPath(height: number): string {
  const r = 8;
  const inner = STRIP - r;
  return `M${r},0h${inner}v${height}h${-inner}a${r},${r} 0 0 1 ${-r},${-r}v${2 * r - height}a${r},${r} 0 0 1 ${r},${-r}z`;
}

function barPath(width: number): string {
  const r = 10;
  return `M0,${TITLE_BAR}v${r - TITLE_BAR}a${r},${r} 0 0 1 ${r},${-r}h${width - 2 * r}a${r},${r} 0 0 1 ${r},${r}v${TITLE_BAR - r}z`;
}
