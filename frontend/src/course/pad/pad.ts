/**
 * The drawing pad of the course: the user draws a small grey image with the pointer or the
 * keyboard. The kernel receives the pixels and may reply with a sentence.
 */

import type { PadDrawing, PadState } from "../../messages/pad";
import { PROTOCOL_VERSION } from "../../messages/protocol";
import { rendering, type WidgetModel } from "../../parts/widget";
import { type Point, pixelsBetween } from "./stroke";
import { TileCanvas } from "./tiles";

/** The part of the widget's model that the pad uses. */
export type PadModel = WidgetModel<PadState, PadDrawing>;

const CELL = 28;
/** While one draws, the drawing is sent at most once in this time. */
const SEND_INTERVAL_MS = 100;
/** `:hover` and `:focus-visible` cannot be written on an element. */
const STYLE = `
.labkit-pad { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: flex-start;
  font: 13px var(--jp-ui-font-family, system-ui, sans-serif);
  color: var(--jp-content-font-color1, currentColor); }
.labkit-pad canvas { display: block; }
.labkit-pad p { margin: 6px 0; min-height: 1.4em; font-size: 14px; flex-basis: 100%; }
.labkit-pad button { margin-top: 6px; padding: 3px 14px; font: inherit; color: inherit;
  background: var(--jp-layout-color1, transparent); border-radius: 3px; cursor: pointer;
  border: 1px solid var(--jp-border-color1, #8a8a8a); }
.labkit-pad button:hover { background: var(--jp-layout-color2, #8883); }
.labkit-pad :is(button, canvas):focus-visible { outline: 2px solid #56b4e9; outline-offset: 1px; }
`;
/** Added to the pixel under the pointer. */
const STROKE = 0.7;
/** Added to its four neighbours. */
const EDGE = 0.12;
const HELP =
  "Draw with the pointer. With the keyboard: arrow keys move, Space draws, Delete clears.";

/** Draws the pad; returns its clean-up. */
export const render = rendering((model: PadModel, root) => new Pad(model, root));

class Pad {
  private readonly canvas = document.createElement("canvas");
  private readonly answer = document.createElement("p");
  private readonly listeners = new AbortController();
  private readonly side: number;
  private pixels: number[];
  private at: [row: number, column: number] = [0, 0];
  private readonly tiles = new TileCanvas();
  private last: Point | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly onAnswer = () => this.showAnswer();
  private readonly onTiles = () => this.tiles.draw(this.model.get("tiles"));
  private readonly onPixels = () => {
    if (this.last !== null) return; // of an earlier moment of the same stroke
    this.pixels = [...this.model.get("pixels")];
    this.paint();
  };

  constructor(
    private readonly model: PadModel,
    private readonly root: HTMLElement,
  ) {
    this.side = model.get("side");
    this.pixels = [...model.get("pixels")];
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "Clear";
    clear.title = "Make the whole image black again";
    this.canvas.tabIndex = 0;
    this.canvas.title = HELP;
    this.canvas.setAttribute("role", "img");
    this.canvas.style.cssText = "touch-action:none;cursor:crosshair;border:1px solid #888";
    this.canvas.width = this.canvas.height = this.side * CELL;
    this.answer.setAttribute("role", "status");
    const [sheet, frame, left] = ["style", "div", "div"].map((name) =>
      document.createElement(name),
    );
    if (!sheet || !frame || !left) return;
    sheet.textContent = STYLE;
    frame.className = "labkit-pad";
    left.append(this.canvas, clear);
    frame.append(left, this.tiles.element, this.answer);
    root.replaceChildren(sheet, frame);
    const { signal } = this.listeners;
    clear.addEventListener("click", () => this.clear(), { signal });
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event), { signal });
    this.canvas.addEventListener("pointermove", (event) => this.move(event), { signal });
    this.canvas.addEventListener("pointerup", () => this.end(), { signal });
    this.canvas.addEventListener("pointercancel", () => this.end(), { signal });
    this.canvas.addEventListener("keydown", (event) => this.press(event), { signal });
    model.on("change:said", this.onAnswer);
    model.on("change:pixels", this.onPixels);
    model.on("change:tiles", this.onTiles);
    this.showAnswer();
    this.onTiles();
    this.paint();
  }

  close(): void {
    this.listeners.abort();
    this.model.off("change:said", this.onAnswer);
    this.model.off("change:pixels", this.onPixels);
    this.model.off("change:tiles", this.onTiles);
    if (this.timer !== null) clearTimeout(this.timer);
    this.root.replaceChildren();
  }

  private begin(event: PointerEvent): void {
    this.canvas.setPointerCapture?.(event.pointerId);
    const point = this.pointOf(event);
    this.last = point;
    this.draw(Math.floor(point.row), Math.floor(point.column));
    this.sendSoon();
  }

  private move(event: PointerEvent): void {
    if (this.last === null) return;
    const point = this.pointOf(event);
    const crossed = pixelsBetween(this.last, point);
    const own = [Math.floor(point.row), Math.floor(point.column)] as const;
    for (const [row, column] of crossed.length > 0 ? crossed : [own]) this.draw(row, column);
    this.last = point;
    this.sendSoon();
  }

  private pointOf(event: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return {
      row: ((event.clientY - box.top) / (box.height || 1)) * this.side,
      column: ((event.clientX - box.left) / (box.width || 1)) * this.side,
    };
  }

  private end(): void {
    if (this.last === null) return;
    this.last = null;
    this.sendPixels();
  }

  private press(event: KeyboardEvent): void {
    const [row, column] = this.at;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (move) this.at = [this.clamp(row + move[0]), this.clamp(column + move[1])];
    else if (event.key === " ") this.draw(row, column);
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.paint();
    if (event.key === " ") this.sendPixels();
  }

  private draw(row: number, column: number): void {
    this.brighten(row, column, STROKE);
    for (const [down, right] of [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ] as const) {
      this.brighten(row + down, column + right, EDGE);
    }
    this.paint();
  }

  private brighten(row: number, column: number, by: number): void {
    if (row !== this.clamp(row) || column !== this.clamp(column)) return;
    const place = row * this.side + column;
    this.pixels[place] = Math.min(1, (this.pixels[place] ?? 0) + by);
  }

  private clear(): void {
    this.pixels.fill(0);
    this.paint();
    this.sendPixels();
  }

  private clamp(place: number): number {
    return Math.min(this.side - 1, Math.max(0, place));
  }

  /** Sends what is drawn so far, so that the answer follows the stroke. */
  private sendSoon(): void {
    this.timer ??= setTimeout(() => this.sendPixels(), SEND_INTERVAL_MS);
  }

  private sendPixels(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.model.set("page_protocol", PROTOCOL_VERSION);
    this.model.set("pixels", [...this.pixels]);
    this.model.save_changes();
  }

  private showAnswer(): void {
    this.answer.textContent = this.model.get("said");
  }

  private paint(): void {
    const bright = this.pixels.filter((pixel) => pixel > 0).length;
    this.canvas.setAttribute("aria-label", `A drawing of ${bright} bright pixels. ${HELP}`);
    const context = this.canvas.getContext("2d");
    if (!context) return;
    this.pixels.forEach((pixel, place) => {
      const grey = Math.round(255 * pixel);
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      const [row, column] = [Math.floor(place / this.side), place % this.side];
      context.fillRect(column * CELL, row * CELL, CELL, CELL);
    });
    const [row, column] = this.at;
    if (document.activeElement !== this.canvas) return;
    context.strokeStyle = "#56b4e9";
    context.lineWidth = 2;
    context.strokeRect(column * CELL + 1, row * CELL + 1, CELL - 2, CELL - 2);
  }
}

export default { render };
