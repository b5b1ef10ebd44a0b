/** The points and the line, whose two ends can be dragged, or moved with the arrow keys. */

import type { LinePlane } from "../../messages/line";
import { makeSvg } from "../../parts/element";
import { roundTicks } from "../../parts/ticks";
import { randomName, text } from "../race/looks";

/** Slope and intercept. */
export type Line = readonly [number, number];

interface PlaneEvents {
  /** The line is being moved; null when it goes back to where it was. */
  onLine(line: Line | null): void;
  /** The line was let go. */
  onStart(line: Line): void;
}

const [LEFT, TOP, WIDTH, HEIGHT] = [46, 22, 336, 336] as const;
const [FULL_WIDTH, FULL_HEIGHT] = [390, 392] as const;
/** Where the two handles are, as parts of the width. */
const ENDS = [0.06, 0.94] as const;
const TICKS = 4;
const KEY_SHARE = 1 / 40;
const HELP =
  "Drag an end of the line, or move it with the arrow keys up and down; let go, or press Enter, " +
  "to walk downhill from there.";

export class PointPlane {
  readonly element = makeSvg("svg", {
    viewBox: `0 0 ${FULL_WIDTH} ${FULL_HEIGHT}`,
    class: "race-board line-plane",
    role: "group",
  });
  private readonly residuals = makeSvg("g", { class: "line-residuals" });
  private readonly line = makeSvg("path", { class: "line-now" });
  private readonly ghost = makeSvg("path", { class: "line-ghost" });
  private readonly handles = ENDS.map(() => makeSvg("circle", { r: 7, class: "line-handle" }));
  private readonly listeners = new AbortController();
  private readonly inside: SVGGElement;
  private dots: SVGCircleElement[] = [];
  private shown: Line = [0, 0];
  private isMoved = false;

  constructor(
    private readonly plane: LinePlane,
    private readonly events: PlaneEvents,
  ) {
    const id = `labkit-line-${randomName()}`;
    const frame = { x: LEFT, y: TOP, width: WIDTH, height: HEIGHT };
    const clip = makeSvg("clipPath", { id });
    clip.append(makeSvg("rect", frame));
    this.inside = makeSvg("g", { "clip-path": `url(#${id})` });
    const held = plane.held_x.map((x, i) => this.dot(x, plane.held_y[i] ?? 0, "line-held"));
    this.dots = plane.x.map((x, i) => this.dot(x, plane.y[i] ?? 0, "line-point"));
    this.inside.append(this.residuals, ...held, ...this.dots, this.ghost, this.line);
    const border = makeSvg("rect", { ...frame, fill: "none", stroke: "#8a8a8a" });
    this.element.append(clip, border, ...this.axes(), this.inside, ...this.handles);
    this.handles.forEach((handle, end) => {
      this.prepare(handle, end);
    });
  }

  close(): void {
    this.listeners.abort();
  }

  /** Shows the line of a step, and the points that the step was made with (empty for all). */
  show(line: Line, batch: readonly number[]): void {
    this.shown = line;
    this.isMoved = false;
    this.draw(line, batch);
  }

  /** Shows a second line, dashed, such as that under the pointer on the map. */
  point(line: Line | null): void {
    this.ghost.setAttribute("d", line ? this.route(line) : "");
  }

  private draw(line: Line, batch: readonly number[]): void {
    this.line.setAttribute("d", this.route(line));
    const picked = new Set(batch);
    const lines = this.plane.x.map((x, i) => {
      const isPicked = batch.length === 0 || picked.has(i);
      this.dots[i]?.classList.toggle("line-resting", !isPicked);
      const ends = { x1: this.across(x), y1: this.down(this.plane.y[i] ?? 0) };
      const at = { ...ends, x2: ends.x1, y2: this.down(line[0] * x + line[1]) };
      return isPicked ? [makeSvg("line", at)] : [];
    });
    this.residuals.replaceChildren(...lines.flat());
    this.handles.forEach((handle, end) => {
      const x = this.handleX(end);
      const y = line[0] * x + line[1];
      const [low = 0, high = 1] = this.plane.ends_y;
      handle.setAttribute("cx", String(this.across(x)));
      handle.setAttribute("cy", String(this.down(Math.min(high, Math.max(low, y)))));
      handle.setAttribute("aria-valuenow", String(Number(y.toPrecision(3))));
    });
    const label = `${this.plane.x.length} points and the line ${text(line[0])} x + ${text(line[1])}.`;
    this.element.setAttribute("aria-label", label);
  }

  private prepare(handle: SVGCircleElement, end: number): void {
    const { signal } = this.listeners;
    const title = makeSvg("title");
    title.textContent = HELP;
    handle.append(title);
    handle.setAttribute("tabindex", "0");
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `${end === 0 ? "Left" : "Right"} end of the line`);
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture?.(event.pointerId);
      this.isMoved = false;
      const drag = new AbortController();
      const options = { signal: drag.signal };
      handle.addEventListener("pointermove", (move) => this.move(end, this.yAt(move)), options);
      const finish = () => {
        drag.abort();
        if (this.isMoved) this.events.onStart(this.shown);
      };
      handle.addEventListener("pointerup", finish, options);
      handle.addEventListener("pointercancel", finish, options);
    });
    handle.addEventListener("keydown", (event) => this.press(event, end), { signal });
  }

  private press(event: KeyboardEvent, end: number): void {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (by === undefined) {
      this.events.onStart(this.shown);
      return;
    }
    const [low = 0, high = 1] = this.plane.ends_y;
    const x = this.handleX(end);
    const y = Math.min(high, Math.max(low, this.shown[0] * x + this.shown[1]));
    this.move(end, y + by * KEY_SHARE * (high - low));
  }

  /** Moves one end to a height; the other end stays. */
  private move(end: number, y: number): void {
    const [here, there] = [this.handleX(end), this.handleX(1 - end)];
    const other = this.shown[0] * there + this.shown[1];
    const w = (y - other) / (here - there);
    this.shown = [w, y - w * here];
    this.isMoved = true;
    this.draw(this.shown, []);
    this.events.onLine(this.shown);
  }

  private yAt(event: MouseEvent): number {
    const box = this.element.getBoundingClientRect();
    const down = ((event.clientY - box.top) / (box.height || 1)) * FULL_HEIGHT;
    const [low = 0, high = 1] = this.plane.ends_y;
    return Math.min(high, Math.max(low, high - ((down - TOP) / HEIGHT) * (high - low)));
  }

  private route([w, b]: Line): string {
    const [left = 0, right = 1] = this.plane.ends_x;
    const [start, end] = [this.down(w * left + b), this.down(w * right + b)];
    return `M${LEFT},${start}L${LEFT + WIDTH},${end}`;
  }

  private handleX(end: number): number {
    const [left = 0, right = 1] = this.plane.ends_x;
    return left + (ENDS[end as 0 | 1] ?? 0) * (right - left);
  }

  private across(x: number): number {
    const [left = 0, right = 1] = this.plane.ends_x;
    return LEFT + ((x - left) / (right - left)) * WIDTH;
  }

  /** Browsers do not draw what is very far away, so that heights are limited. */
  private down(y: number): number {
    const [low = 0, high = 1] = this.plane.ends_y;
    const share = Math.min(50, Math.max(-50, (high - y) / (high - low)));
    return TOP + share * HEIGHT;
  }

  private dot(x: number, y: number, className: string): SVGCircleElement {
    return makeSvg("circle", { cx: this.across(x), cy: this.down(y), r: 4, class: className });
  }

  private axes(): SVGElement[] {
    const [left = 0, right = 1] = this.plane.ends_x;
    const [low = 0, high = 1] = this.plane.ends_y;
    const bottom = TOP + HEIGHT;
    const across = roundTicks(left, right, TICKS).flatMap((value) => {
      const x = this.across(value);
      return [
        makeSvg("line", { x1: x, x2: x, y1: bottom, y2: bottom + 4, class: "line-tick" }),
        label(x, bottom + 16, text(tidy(value)), "middle"),
      ];
    });
    const up = roundTicks(low, high, TICKS).flatMap((value) => {
      const y = this.down(value);
      return [
        makeSvg("line", { x1: LEFT - 4, x2: LEFT, y1: y, y2: y, class: "line-tick" }),
        label(LEFT - 7, y + 4, text(tidy(value)), "end"),
      ];
    });
    const note = this.plane.held_x.length > 0 ? "○ held out" : "";
    return [
      ...across,
      ...up,
      label(LEFT + WIDTH / 2, bottom + 31, "x", "middle"),
      label(LEFT, TOP - 7, "y", "start"),
      label(LEFT + WIDTH, TOP - 7, note, "end"),
    ];
  }
}

/** Removes what adding floats leaves, as in 0.30000000000000004. */
function tidy(value: number): number {
  return Number(value.toPrecision(6));
}

function label(x: number, y: number, content: string, anchor: string): SVGTextElement {
  const made = makeSvg("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}
