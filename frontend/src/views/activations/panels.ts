/** The panels of a picture: small images side by side, with their names. */

import { NOT_FINITE_COLOUR, pixelOf, pixelsOf } from "../../heat-map/scale";
import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { PointerTooltip } from "../../parts/pointer-tooltip";
import type { Picture } from "../../session";
import { type PictureColours, quantityOf } from "./colours";

/** Maximum width of panels with time or units as columns, in px. */
const WIDE_PANEL_WIDTH = 640;
const WIDE_PANEL_HEIGHT = 150;
/** Height of a panel if there are many, in px. */
const CROWDED_PANEL_HEIGHT = 76;
const TILE_SIZE = 72;
const LARGE_TILE_SIZE = 150;
const FEW_PANELS = 4;

interface Panel {
  readonly figure: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly caption: HTMLElement;
}

export class Panels {
  readonly element = make("div", { class: "labkit-panels" });
  private readonly grid = make("div", { class: "labkit-panels-grid" });
  private readonly tooltip = new PointerTooltip(this.element);
  private panels: Panel[] = [];
  private picture: Picture | null = null;

  constructor() {
    this.element.append(this.grid, this.tooltip.element);
    this.grid.addEventListener("pointermove", (event) => this.showTooltip(event));
    this.grid.addEventListener("pointerleave", () => this.tooltip.hide());
  }

  /** `colours` are those of each panel; if they differ, the captions say what they range over. */
  draw(picture: Picture, colours: readonly PictureColours[]): void {
    this.picture = picture;
    const [count] = picture.shape;
    while (this.panels.length > count) this.panels.pop()?.figure.remove();
    while (this.panels.length < count) this.panels.push(this.add());
    const silent = new Set(picture.kind === "maps" ? picture.silent : []);
    const size = sizeOf(picture);
    this.grid.dataset.kind = picture.kind;
    this.grid.style.setProperty("--labkit-layers", String(layersOf(picture)));
    const isShared = haveOneRange(colours);
    this.panels.forEach(({ figure, canvas, caption }, place) => {
      const name = picture.panels[place] ?? String(place);
      figure.classList.toggle("labkit-silent", silent.has(place));
      const own = colours[place] as PictureColours;
      const ends = `${name}, from ${formatValue(own.low)} to ${formatValue(own.high)}`;
      setText(caption, silent.has(place) ? `${name} dead` : isShared ? name : ends);
      caption.hidden = name === "";
      canvas.style.width = size.width;
      canvas.style.height = `${size.height}px`;
      paint(canvas, picture, place, own);
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
    const figure = make("figure", {}, canvas, caption);
    this.grid.append(figure);
    return { figure, canvas, caption };
  }

  private showTooltip(event: PointerEvent): void {
    const place = this.panels.findIndex(({ canvas }) => canvas === event.target);
    const { picture } = this;
    const panel = this.panels[place];
    if (!picture || !panel) {
      this.tooltip.hide();
      return;
    }
    const box = panel.canvas.getBoundingClientRect();
    const [, rows, columns] = picture.shape;
    const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), rows);
    const column = clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), columns);
    const value = picture.values[(place * rows + row) * columns + column] ?? Number.NaN;
    const dead = picture.kind === "units" && picture.silent.includes(column) ? " (dead)" : "";
    const lines = [
      picture.panels[place] ?? "",
      `${picture.rows} ${row}, ${picture.columns} ${column}${dead}`,
      formatValue(value),
    ];
    this.tooltip.show(lines.filter(Boolean), event);
  }
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

function paint(
  canvas: HTMLCanvasElement,
  picture: Picture,
  place: number,
  colours: PictureColours,
): void {
  const [, rows, columns] = picture.shape;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const shades = pixelsOf(colours.palette);
  const notFinite = pixelOf(NOT_FINITE_COLOUR);
  const scale = (shades.length - 1) / (colours.high - colours.low);
  const start = place * rows * columns;
  for (let index = 0; index < rows * columns; index++) {
    const value = picture.values[start + index] as number;
    const shade = clamp(Math.round((value - colours.low) * scale), shades.length);
    pixels[index] = (Number.isFinite(value) ? shades[shade] : notFinite) as number;
  }
  context.putImageData(image, 0, 0);
}

function clamp(place: number, count: number): number {
  return Math.min(count - 1, Math.max(0, place));
}
