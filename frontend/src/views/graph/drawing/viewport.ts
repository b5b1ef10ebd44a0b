/** Pan and zoom: the visible part of the sheet, and its scale. */

import type { Point, Rect } from "../layout/placement";
import { animate } from "./animation";

interface Transform extends Point {
  readonly scale: number;
}

const MIN_SCALE = 0.04;
const MAX_SCALE = 3;
const MARGIN = 16;
/** Height of the status, which is over the lower edge of a small stage, in px. */
export const STATUS_HEIGHT = 26;
/** Minimum scale at which text is readable: names have 9 px. */
export const READABLE_SCALE = 0.75;
/** Minimum scale at which the whole is shown instead of a more readable part. */
const WHOLE_SCALE = 0.64;
/** Minimum scale after `approach`, at which the box is readable. */
const MIN_APPROACH_SCALE = 0.8;
/** Movement in px from which a press is a drag. */
const DRAG_THRESHOLD = 4;

export class Viewport {
  /** Whether the user has changed the visible part. */
  changedByUser = false;
  /** Whether a drag is in progress, or its final click event is. */
  dragged = false;
  private transform: Transform = { x: 0, y: 0, scale: 1 };
  private readonly pointers = new Map<number, Point>();
  private readonly listeners = new AbortController();

  constructor(
    private readonly stage: HTMLElement,
    private readonly world: SVGGElement,
    private readonly onMove: () => void,
  ) {
    const { signal } = this.listeners;
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false, signal });
    stage.addEventListener("pointerdown", (event) => this.down(event), { signal });
    stage.addEventListener("pointermove", (event) => this.move(event), { signal });
    for (const name of ["pointerup", "pointercancel"] as const) {
      stage.addEventListener(name, (event) => this.up(event), { signal });
    }
  }

  /** Whether a drag is in progress. */
  get dragging(): boolean {
    return this.dragged && this.pointers.size > 0;
  }

  close(): void {
    this.listeners.abort();
  }

  /** Shows all of `bounds`; with `readable` at a readable scale, and at least the beginning. */
  fit(bounds: Rect, readable: boolean, moving = false): void {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (width === 0 || height === 0) return;
    const across = (width - 2 * MARGIN) / bounds.width;
    const down = (height - 2 * MARGIN) / bounds.height;
    const whole = Math.min(across, down, 1);
    const isWhole = !readable || whole >= WHOLE_SCALE;
    const scale = clampScale(isWhole ? whole : READABLE_SCALE);
    const start = (room: number, length: number) => Math.max(MARGIN, (room - length * scale) / 2);
    this.set(
      {
        x: start(width, bounds.width) - bounds.x * scale,
        y: start(height, bounds.height) - bounds.y * scale,
        scale,
      },
      moving,
    );
    this.changedByUser = false;
  }

  /** Returns the visible part of the sheet. */
  visibleRect(): Rect {
    const { x, y, scale } = this.transform;
    const { clientWidth, clientHeight } = this.stage;
    return {
      x: -x / scale,
      y: -y / scale,
      width: clientWidth / scale,
      height: clientHeight / scale,
    };
  }

  /** Returns where a box of the sheet is on the stage, in px. */
  onStage(box: Rect): Rect {
    const { x, y, scale } = this.transform;
    const [width, height] = [box.width * scale, box.height * scale];
    return { x: box.x * scale + x, y: box.y * scale + y, width, height };
  }

  /** Moves a point of the sheet to the centre. */
  centre(point: Point): void {
    const { scale } = this.transform;
    const { clientWidth, clientHeight } = this.stage;
    this.changedByUser = true;
    this.set({
      x: clientWidth / 2 - point.x * scale,
      y: clientHeight / 2 - point.y * scale,
      scale,
    });
  }

  zoom(factor: number): void {
    const { clientWidth, clientHeight } = this.stage;
    this.zoomAt(factor, { x: clientWidth / 2, y: clientHeight / 2 }, true);
  }

  /** Whether a part of a box is visible. */
  isInView(box: Rect): boolean {
    const { x, y, scale } = this.transform;
    const [left, top] = [box.x * scale + x, box.y * scale + y];
    const { clientWidth, clientHeight } = this.stage;
    const across = left < clientWidth && left + box.width * scale > 0;
    return across && top < clientHeight && top + box.height * scale > 0;
  }

  /** Moves the sheet by the minimum that makes a box visible. */
  reveal(box: Rect): void {
    const { x, y, scale } = this.transform;
    const { clientWidth, clientHeight } = this.stage;
    const dx = shiftInto(box.x * scale + x, box.width * scale, clientWidth);
    const dy = shiftInto(box.y * scale + y, box.height * scale, clientHeight - STATUS_HEIGHT);
    if (dx !== 0 || dy !== 0) this.set({ x: x + dx, y: y + dy, scale }, true);
  }

  /** Moves a box to the centre, at a readable scale. */
  approach(box: Rect): void {
    const scale = Math.max(this.transform.scale, MIN_APPROACH_SCALE);
    const { clientWidth, clientHeight } = this.stage;
    this.changedByUser = true;
    const x = clientWidth / 2 - (box.x + box.width / 2) * scale;
    this.set({ x, y: clientHeight / 2 - (box.y + box.height / 2) * scale, scale }, true);
  }

  private zoomAt(factor: number, centre: Point, moving = false): void {
    const scale = clampScale(this.transform.scale * factor);
    const ratio = scale / this.transform.scale;
    this.changedByUser = true;
    const x = centre.x - (centre.x - this.transform.x) * ratio;
    this.set({ x, y: centre.y - (centre.y - this.transform.y) * ratio, scale }, moving);
  }

  private set(to: Transform, moving = false): void {
    const from = this.transform;
    this.transform = to;
    this.world.setAttribute("transform", `translate(${to.x} ${to.y}) scale(${to.scale})`);
    if (moving) animate(this.world, { transform: css(from) }, { transform: css(to) });
    this.onMove();
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return; // Scrolls the page.
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.zoomAt(Math.exp(-event.deltaY * lines * 0.004), this.local(event));
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.pointers.size === 0) this.dragged = false;
    this.pointers.set(event.pointerId, this.local(event));
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.local(event);
    if (!this.dragged && distance(before, now) < DRAG_THRESHOLD) return;
    if (!this.dragged) {
      this.dragged = true;
      this.stage.setPointerCapture(event.pointerId);
    }
    this.changedByUser = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) this.zoomAt(distance(now, other) / Math.max(1, distance(before, other)), other);
    else
      this.set({
        ...this.transform,
        x: this.transform.x + now.x - before.x,
        y: this.transform.y + now.y - before.y,
      });
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
  }

  private local(event: MouseEvent): Point {
    const frame = this.stage.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }
}

function css(transform: Transform): string {
  return `translate(${transform.x}px, ${transform.y}px) scale(${transform.scale})`;
}

function clampScale(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Returns the offset that moves an interval into the range from 0 to `room`. */
function shiftInto(start: number, length: number, room: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + length - (room - MARGIN);
  return over > 0 ? -Math.min(over, start - MARGIN) : 0;
}
