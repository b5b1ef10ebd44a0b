/** The panels of a picture: small images side by side, with their names. */

import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { PointerTooltip } from "../../parts/pointer-tooltip";
import type { Picture } from "../../session";
import { type PictureColours, quantityOf } from "./colours";
import { paintPanel } from "./painting";
import { type AxisTokens, axisTokens, TOKEN_CELL, TokenLabels } from "./token-labels";

/** Maximum width of panels with time or units as columns, in px. */
const WIDE_PANEL_WIDTH = 640;
const WIDE_PANEL_HEIGHT = 150;
/** Height of a panel if there are many, in px. */
const CROWDED_PANEL_HEIGHT = 76;
const TILE_SIZE = 72;
const LARGE_TILE_SIZE = 150;
const FEW_PANELS = 4;
/** Number of tokens that a tooltip lists. */
const MAX_LISTED = 4;

interface Panel {
  readonly figure: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly caption: HTMLElement;
  readonly labels: TokenLabels;
}

/** Which weight of a picture is under the pointer; null for the axis of a label that is. */
interface Place {
  readonly row: number | null;
  readonly column: number | null;
}

export class Panels {
  readonly element = make("div", { class: "labkit-panels" });
  private readonly grid = make("div", { class: "labkit-panels-grid" });
  private readonly tooltip = new PointerTooltip(this.element);
  private panels: Panel[] = [];
  private picture: Picture | null = null;
  private tokens: AxisTokens | null = null;

  constructor() {
    this.element.append(this.grid, this.tooltip.element);
    this.grid.addEventListener("pointermove", (event) => this.showTooltip(event));
    this.grid.addEventListener("pointerleave", () => this.hideTooltip());
  }

  /** `colours` are those of each panel; if they differ, the captions say what they range over. */
  draw(picture: Picture, colours: readonly PictureColours[]): void {
    this.picture = picture;
    this.tokens = axisTokens(picture);
    const [count] = picture.shape;
    while (this.panels.length > count) this.panels.pop()?.figure.remove();
    while (this.panels.length < count) this.panels.push(this.add());
    const silent = new Set(picture.kind === "maps" ? picture.silent : []);
    const size = this.tokens ? sizeWithTokens(picture) : sizeOf(picture);
    this.grid.dataset.kind = picture.kind;
    this.grid.style.setProperty("--labkit-layers", String(layersOf(picture)));
    const isShared = haveOneRange(colours);
    this.panels.forEach(({ figure, canvas, caption, labels }, place) => {
      const name = picture.panels[place] ?? String(place);
      figure.classList.toggle("labkit-silent", silent.has(place));
      const own = colours[place] as PictureColours;
      const ends = `${name}, from ${formatValue(own.low)} to ${formatValue(own.high)}`;
      setText(caption, silent.has(place) ? `${name} dead` : isShared ? name : ends);
      caption.hidden = name === "";
      canvas.style.width = size.width;
      canvas.style.height = `${size.height}px`;
      paintPanel(canvas, picture, place, own);
      labels.draw(this.tokens);
      figure.classList.toggle("labkit-labelled", this.tokens !== null);
    });
  }

  clear(): void {
    this.picture = null;
    this.panels = [];
    this.grid.replaceChildren();
    this.tooltip.hide();
  }

  private add(): Panel {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const caption = make("figcaption");
    const labels = new TokenLabels();
    const figure = make("figure", {}, labels.keys, labels.queries, canvas, caption);
    this.grid.append(figure);
    return { figure, canvas, caption, labels };
  }

  private showTooltip(event: PointerEvent): void {
    this.hideTooltip();
    const { picture } = this;
    const index = this.panels.findIndex(({ figure }) => figure.contains(event.target as Node));
    const panel = this.panels[index];
    const place = picture && panel && placeAt(panel, picture, event);
    if (!picture || !panel || !place) return;
    const name = picture.panels[index] ?? "";
    const lines = this.linesOf(picture, index, place);
    this.tooltip.show([name, ...lines].filter(Boolean), event);
    if (!this.tokens) return;
    if (place.row !== null) panel.labels.shade("keys", rowOf(picture, index, place.row));
    else if (place.column !== null)
      panel.labels.shade("queries", columnOf(picture, index, place.column));
  }

  private hideTooltip(): void {
    this.tooltip.hide();
    if (this.tokens) for (const { labels } of this.panels) labels.clear();
  }

  /** Returns what the tooltip says of a value, or of all values of a row or column. */
  private linesOf(picture: Picture, panel: number, { row, column }: Place): string[] {
    const { tokens } = this;
    if (row !== null && column !== null) {
      const value = rowOf(picture, panel, row)[column] ?? Number.NaN;
      const dead = picture.kind === "units" && picture.silent.includes(column) ? " (dead)" : "";
      const where = `${picture.rows} ${row}, ${picture.columns} ${column}${dead}`;
      const pair = tokens && `${tokens.queries[row]} → ${tokens.keys[column]}`;
      return [pair ?? where, formatValue(value)];
    }
    if (row !== null) {
      const weights = rowOf(picture, panel, row);
      return [`${tokens?.queries[row]} attends to`, ...greatest(weights, tokens?.keys ?? [])];
    }
    const weights = columnOf(picture, panel, column ?? 0);
    return [
      `${tokens?.keys[column ?? 0]} is attended by`,
      ...greatest(weights, tokens?.queries ?? []),
    ];
  }
}

/** Returns the place under the pointer: a value, or the label of a query or key; null elsewhere. */
function placeAt(panel: Panel, picture: Picture, event: PointerEvent): Place | null {
  const { canvas, labels } = panel;
  const [row, column] = [labels.queryOf(event.target), labels.keyOf(event.target)];
  if (row !== null || column !== null) return { row, column };
  if (event.target !== canvas) return null;
  const box = canvas.getBoundingClientRect();
  const [, rows, columns] = picture.shape;
  return {
    row: clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), rows),
    column: clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
  };
}

function rowOf({ shape, values }: Picture, panel: number, row: number): Float32Array {
  const [, rows, columns] = shape;
  const start = (panel * rows + row) * columns;
  return values.subarray(start, start + columns);
}

function columnOf(picture: Picture, panel: number, column: number): Float32Array {
  const [, rows] = picture.shape;
  return Float32Array.from({ length: rows }, (_, row) => rowOf(picture, panel, row)[column] ?? 0);
}

/** Returns the tokens with the greatest weights. */
function greatest(weights: Float32Array, tokens: readonly string[]): string[] {
  return [...weights.keys()]
    .sort((a, b) => (weights[b] as number) - (weights[a] as number))
    .slice(0, MAX_LISTED)
    .map((place) => `${tokens[place]} ${formatValue(weights[place] as number)}`);
}

function sizeWithTokens({ shape }: Picture): { readonly width: string; readonly height: number } {
  const [, rows, columns] = shape;
  return { width: `${columns * TOKEN_CELL}px`, height: rows * TOKEN_CELL };
}

/** Returns the number of layers whose gates stand side by side. */
function layersOf({ kind, panels }: Picture): number {
  if (kind !== "gates") return 1;
  return Math.max(1, panels.length / new Set(panels.map(quantityOf)).size);
}

/** Whether all panels have the same range of colours. */
export function haveOneRange(colours: readonly PictureColours[]): boolean {
  return colours.every(({ low, high }) => low === colours[0]?.low && high === colours[0]?.high);
}

/** Returns the CSS size of a panel: images are tiles, other panels use the available width. */
function sizeOf({ kind, shape }: Picture): { readonly width: string; readonly height: number } {
  const [count, rows, columns] = shape;
  if (kind === "maps" || kind === "kernels" || kind === "attention") {
    const longest = count <= FEW_PANELS || kind === "attention" ? LARGE_TILE_SIZE : TILE_SIZE;
    const scale = longest / Math.max(rows, columns);
    return { width: `${Math.max(8, columns * scale)}px`, height: Math.max(8, rows * scale) };
  }
  const height = Math.min(
    count > FEW_PANELS ? CROWDED_PANEL_HEIGHT : WIDE_PANEL_HEIGHT,
    Math.max(40, rows * 6),
  );
  return {
    width: `min(100%, ${Math.min(WIDE_PANEL_WIDTH, Math.max(240, columns * 12))}px)`,
    height,
  };
}

function clamp(place: number, count: number): number {
  return Math.min(count - 1, Math.max(0, place));
}
