/** A table of numbers as coloured cells, with a frame of padding and a highlighted window. */

import type { SlidingTable } from "../../messages/sliding";
import { shadeFor } from "./colours";
import { type Place, pixelAt, short } from "./geometry";

/** Largest side of a cell, and of the whole table, in px. */
const [LARGEST_CELL, LARGEST_SIDE] = [34, 272];
/** From this side of a cell on, its number is written in it. */
const ROOM_FOR_NUMBER = 20;
/** Smaller cells of the frame have no dashed border. */
const ROOM_FOR_DASHES = 10;
const [INK, PADDED, NOT_YET] = ["#c2008f", "#8a8a8a", "rgba(138,138,138,0.25)"];

export interface Drawn {
  readonly table: SlidingTable;
  readonly padding: number;
  /** The top left cell of the window, padding not counted, and its size. */
  readonly window: Place;
  readonly size: number;
  /** The number of cells that are drawn, row by row; the others are left open. */
  readonly shown: number;
  readonly isStale: boolean;
}

export interface TableEvents {
  onPlace(place: Place): void;
  onKey(event: KeyboardEvent): void;
}

/** One canvas, which answers to the pointer and to keys. */
export class TableCanvas {
  readonly element = document.createElement("canvas");
  private isPressed = false;
  private drawn: Drawn | null = null;

  constructor(events: TableEvents, signal: AbortSignal) {
    const { element } = this;
    element.tabIndex = 0;
    element.setAttribute("role", "img");
    element.addEventListener("pointerdown", (event) => this.press(event, events), { signal });
    element.addEventListener("pointermove", (event) => this.move(event, events), { signal });
    for (const end of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(end, () => this.release(), { signal });
    }
    element.addEventListener("keydown", (event) => events.onKey(event), { signal });
  }

  draw(drawn: Drawn, text: string): void {
    this.drawn = drawn;
    this.element.setAttribute("aria-label", text);
    const { table, padding, window, size } = drawn;
    const cell = this.cell();
    const [columns, rows] = [table.columns + 2 * padding, table.rows + 2 * padding];
    const density = Math.max(1, globalThis.devicePixelRatio || 1);
    const [width, height] = [columns * cell, rows * cell];
    this.element.width = width * density;
    this.element.height = height * density;
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    const context = this.element.getContext("2d");
    if (!context) return;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.globalAlpha = drawn.isStale ? 0.45 : 1;
    this.paintCells(context, cell);
    context.globalAlpha = 1;
    context.lineWidth = 3;
    context.strokeStyle = INK;
    const [x, y] = [(window.column + padding) * cell, (window.row + padding) * cell];
    context.strokeRect(x + 1.5, y + 1.5, size * cell - 3, size * cell - 3);
  }

  private cell(): number {
    if (this.drawn === null) return LARGEST_CELL;
    const { table, padding } = this.drawn;
    const side = Math.max(table.rows, table.columns) + 2 * padding;
    return Math.min(LARGEST_CELL, Math.max(3, Math.floor(LARGEST_SIDE / side)));
  }

  private paintCells(context: CanvasRenderingContext2D, cell: number): void {
    const { table, padding, shown } = this.drawn as Drawn;
    const shade = shadeFor(table.values);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = -padding; row < table.rows + padding; row += 1) {
      for (let column = -padding; column < table.columns + padding; column += 1) {
        const [x, y] = [(column + padding) * cell, (row + padding) * cell];
        const isInside = row >= 0 && column >= 0 && row < table.rows && column < table.columns;
        const value = pixelAt(table, row, column);
        const { fill, ink } = shade(value);
        const isShown = !isInside || row * table.columns + column < shown;
        context.fillStyle = isShown ? fill : NOT_YET;
        context.fillRect(x, y, cell, cell);
        if (!isInside) this.paintFrame(context, x, y, cell);
        if (cell < ROOM_FOR_NUMBER || !isShown) continue;
        context.fillStyle = isInside ? ink : PADDED;
        const text = fitting(context, isInside ? value : 0, cell - 3);
        context.fillText(text, x + cell / 2, y + cell / 2);
      }
    }
  }

  private paintFrame(context: CanvasRenderingContext2D, x: number, y: number, cell: number): void {
    context.save();
    context.fillStyle = NOT_YET;
    context.fillRect(x, y, cell, cell);
    context.setLineDash([2, 2]);
    context.lineWidth = 1;
    context.strokeStyle = PADDED;
    if (cell >= ROOM_FOR_DASHES) context.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    context.restore();
  }

  private press(event: PointerEvent, events: TableEvents): void {
    this.isPressed = true;
    this.element.setPointerCapture?.(event.pointerId);
    this.move(event, events);
  }

  private move(event: PointerEvent, events: TableEvents): void {
    if (!this.isPressed || this.drawn === null) return;
    const box = this.element.getBoundingClientRect();
    const { table, padding } = this.drawn;
    const share = (at: number, length: number) => Math.min(Math.max(at / (length || 1), 0), 0.9999);
    const across = share(event.clientX - box.left, box.width) * (table.columns + 2 * padding);
    const down = share(event.clientY - box.top, box.height) * (table.rows + 2 * padding);
    events.onPlace({ row: Math.floor(down) - padding, column: Math.floor(across) - padding });
  }

  private release(): void {
    this.isPressed = false;
  }
}

/** Returns a number with as many decimals as there is room for; empty if there is none. */
function fitting(context: CanvasRenderingContext2D, value: number, room: number): string {
  const texts = [short(value), short(value, 1), short(value, 0)];
  return texts.find((text) => context.measureText(text).width <= room) ?? "";
}
