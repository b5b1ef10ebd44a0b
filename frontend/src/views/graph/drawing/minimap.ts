/**
 * A small map of the complete layout, with a frame around the visible part. It is hidden if all is
 * visible, and lies at the edge of the stage where it covers least.
 */

import type { Placement, Point, Rect } from "../layout/placement";
import type { VisibleGraph } from "../model/visible-graph";
import { overlap } from "./card-place";
import { setAttributes, svg } from "./elements";
import { STATUS_HEIGHT, type Viewport } from "./viewport";

const MAX_WIDTH = 170;
const MAX_HEIGHT = 110;
/** Its size on a stage that is less wide than `SMALL_STAGE` px. */
const SMALL_STAGE = 640;
const SMALL_FACTOR = 0.6;
/** Visible part of the layout from which a small stage has no map, which would cover it. */
const SEEN_ENOUGH = 0.5;
/** Height of the title bar of a frame, which it does not cover either. */
const TITLE_HEIGHT = 32;
/** Distance from the edges of the stage, in px. */
const EDGE_DISTANCE = 10;
/** Number of places at the right and at the left edge. */
const PLACES = 6;
/** Difference of the covered area from which it moves to another place, as a part of its own. */
const MOVES_FROM = 0.01;
/** Maximum distance in px by which a layout may exceed the visible part without a map. */
const TOLERANCE = 24;

export class Minimap {
  readonly element = svg("svg", { class: "labkit-graph-minimap", role: "img" });
  private readonly frames = svg("path", { class: "labkit-graph-minimap-frames" });
  private readonly boxes = svg("path", { class: "labkit-graph-minimap-boxes" });
  private readonly visibleArea = svg("rect", { class: "labkit-graph-minimap-seen" });
  private bounds: Rect | null = null;
  private viewport: Viewport | null = null;
  /** The boxes, and the title bars of frames. */
  private items: readonly Rect[] = [];
  /** Whether the pointer holds the frame, so that the map stays where it is. */
  private isHeld = false;
  /** The number of its place, see `placesOf`. */
  private placed = 0;

  constructor() {
    this.element.setAttribute("aria-label", "Map of the graph: click to go there");
    this.element.append(this.frames, this.boxes, this.visibleArea);
    this.hide();
    const goTo = (event: PointerEvent) => {
      if (event.buttons === 1) this.goTo(event);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.isHeld = true;
      this.element.setPointerCapture(event.pointerId);
      goTo(event);
    });
    for (const name of ["pointerup", "pointercancel"] as const) {
      this.element.addEventListener(name, () => {
        this.isHeld = false;
      });
    }
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
    const titles = visible.containers.flatMap(({ id }) => boxes.get(id) ?? []);
    this.items = [
      ...visible.items.flatMap(({ id }) => boxes.get(id) ?? []),
      ...titles.map((frame) => ({ ...frame, height: TITLE_HEIGHT })),
    ];
    setAttributes(this.element, {
      viewBox: `${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`,
    });
    this.update();
  }

  /** Moves the frame to the visible part. */
  update(): void {
    const { bounds } = this;
    const view = this.viewport?.visibleRect();
    if (!bounds || !view) return;
    const isOut =
      bounds.x < view.x - TOLERANCE ||
      bounds.y < view.y - TOLERANCE ||
      bounds.x + bounds.width > view.x + view.width + TOLERANCE ||
      bounds.y + bounds.height > view.y + view.height + TOLERANCE;
    const seen = within(view, bounds);
    const stage = this.viewport?.onStage(view);
    const isSmall = stage !== undefined && stage.width < SMALL_STAGE;
    const isSeen = isSmall && areaOf(seen) > SEEN_ENOUGH * areaOf(bounds);
    this.element.style.display = isOut && !isSeen ? "" : "none";
    if (!isOut || isSeen || !stage) return;
    setAttributes(this.visibleArea, { ...seen });
    if (!this.isHeld) this.place(bounds, stage);
  }

  /** Adapts the size to that of the stage, and moves to a place where it covers less. */
  private place(bounds: Rect, stage: Rect): void {
    const factor = stage.width < SMALL_STAGE ? SMALL_FACTOR : 1;
    const scale = factor * Math.min(MAX_WIDTH / bounds.width, MAX_HEIGHT / bounds.height);
    const width = Math.max(24, bounds.width * scale);
    const height = Math.max(16, bounds.height * scale);
    setAttributes(this.element, { width, height });
    const places = placesOf({ width, height }, stage);
    const covered = places.map((point) => this.areaIn({ ...point, width, height }));
    const least = Math.min(...covered);
    const now = covered[this.placed] ?? Number.POSITIVE_INFINITY;
    if (now - least > MOVES_FROM * width * height) this.placed = covered.indexOf(least);
    const { x, y } = places[this.placed] as Point;
    this.element.style.left = `${x}px`;
    this.element.style.top = `${y}px`;
  }

  /** Returns the area of the boxes in a part of the stage. */
  private areaIn(part: Rect): number {
    return this.items.reduce((sum, item) => {
      const box = this.viewport?.onStage(item);
      return box ? sum + overlap(part, box) : sum;
    }, 0);
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

/** Returns the places of the map in the order of preference: right edge from below, left edge. */
function placesOf(map: Pick<Rect, "width" | "height">, stage: Rect): readonly Point[] {
  const right = stage.width - map.width - EDGE_DISTANCE;
  const lowest = stage.height - map.height - EDGE_DISTANCE;
  const step = Math.max(0, lowest - EDGE_DISTANCE) / (PLACES - 1);
  const heights = Array.from({ length: PLACES }, (_, place) => lowest - place * step);
  const above = heights.map((y) => Math.min(y, lowest - STATUS_HEIGHT));
  return [...heights.map((y) => ({ x: right, y })), ...above.map((y) => ({ x: EDGE_DISTANCE, y }))];
}

function areaOf({ width, height }: Rect): number {
  return width * height;
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
