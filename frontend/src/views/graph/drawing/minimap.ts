/**
 * A small map of the complete layout, with a frame around the visible part. It is hidden if all is
 * visible.
 */

import type { Placement, Rect } from "../layout/placement";
import type { VisibleGraph } from "../model/visible-graph";
import { setAttributes, svg } from "./elements";
import type { Viewport } from "./viewport";

const MAX_WIDTH = 170;
const MAX_HEIGHT = 110;
/** Maximum distance in px by which a layout may exceed the visible part without a map. */
const TOLERANCE = 24;

export class Minimap {
  readonly element = svg("svg", { class: "labkit-graph-minimap", role: "img" });
  private readonly frames = svg("path", { class: "labkit-graph-minimap-frames" });
  private readonly boxes = svg("path", { class: "labkit-graph-minimap-boxes" });
  private readonly visibleArea = svg("rect", { class: "labkit-graph-minimap-seen" });
  private bounds: Rect | null = null;
  private viewport: Viewport | null = null;

  constructor() {
    this.element.setAttribute("aria-label", "Map of the graph: click to go there");
    this.element.append(this.frames, this.boxes, this.visibleArea);
    this.hide();
    const goTo = (event: PointerEvent) => {
      if (event.buttons === 1) this.goTo(event);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      goTo(event);
    });
    this.element.addEventListener("pointermove", goTo);
  }

  draw(visible: VisibleGraph, placement: Placement, viewport: Viewport): void {
    const { bounds, boxes } = placement;
    this.bounds = bounds;
    this.viewport = viewport;
    const path = (all: readonly { readonly id: string }[]) =>
      all.map(({ id }) => rectPath(boxes.get(id))).join("");
    this.frames.setAttribute("d", path(visible.containers));
    this.boxes.setAttribute("d", path(visible.items));
    const scale = Math.min(MAX_WIDTH / bounds.width, MAX_HEIGHT / bounds.height);
    setAttributes(this.element, {
      viewBox: `${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`,
      width: Math.max(24, bounds.width * scale),
      height: Math.max(16, bounds.height * scale),
    });
    this.update();
  }

  /** Moves the frame to the visible part. */
  update(): void {
    const { bounds } = this;
    const view = this.viewport?.visibleRect();
    if (!bounds || !view) return;
    const out =
      bounds.x < view.x - TOLERANCE ||
      bounds.y < view.y - TOLERANCE ||
      bounds.x + bounds.width > view.x + view.width + TOLERANCE ||
      bounds.y + bounds.height > view.y + view.height + TOLERANCE;
    this.element.style.display = out ? "" : "none";
    if (out) setAttributes(this.visibleArea, { ...within(view, bounds) });
  }

  hide(): void {
    this.bounds = null;
    this.element.style.display = "none";
  }

  private goTo(event: PointerEvent): void {
    const { bounds } = this;
    const place = this.element.getBoundingClientRect();
    if (!bounds || place.width === 0) return;
    this.viewport?.centre({
      x: bounds.x + ((event.clientX - place.left) / place.width) * bounds.width,
      y: bounds.y + ((event.clientY - place.top) / place.height) * bounds.height,
    });
  }
}

function rectPath(rect: Rect | undefined): string {
  if (!rect) return "";
  const [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(Math.round);
  return `M${x},${y}h${width}v${height}h-${width}z`;
}

/** Returns the intersection of two rectangles. */
function within(rect: Rect, bounds: Rect): Rect {
  const x = Math.max(rect.x, bounds.x);
  const y = Math.max(rect.y, bounds.y);
  const right = Math.min(rect.x + rect.width, bounds.x + bounds.width);
  const bottom = Math.min(rect.y + rect.height, bounds.y + bounds.height);
  return { x, y, width: Math.max(0, right - x), height: Math.max(0, bottom - y) };
}
