/** Small grey images beside the drawing, such as the feature maps of it. */

import type { PadTiles } from "../../messages/pad";

const [SIDE, GAP, PER_ROW] = [72, 8, 4];

/** A canvas of tiles, hidden while there are none. */
export class TileCanvas {
  readonly element = document.createElement("canvas");

  constructor() {
    this.element.setAttribute("role", "img");
  }

  draw(tiles: PadTiles): void {
    const { element } = this;
    element.hidden = tiles.count === 0;
    element.style.display = element.hidden ? "none" : "block";
    if (element.hidden) return;
    element.width = PER_ROW * (SIDE + GAP) - GAP;
    element.height = Math.ceil(tiles.count / PER_ROW) * (SIDE + GAP) - GAP;
    element.setAttribute("aria-label", `${tiles.count} maps of the drawing: ${summary(tiles)}`);
    const context = element.getContext("2d");
    if (!context) return;
    const [width, height] = [SIDE / tiles.columns, SIDE / tiles.rows];
    tiles.values.forEach((value, place) => {
      const [tile, within] = [Math.floor(place / size(tiles)), place % size(tiles)];
      const left = (tile % PER_ROW) * (SIDE + GAP) + (within % tiles.columns) * width;
      const top =
        Math.floor(tile / PER_ROW) * (SIDE + GAP) + Math.floor(within / tiles.columns) * height;
      const grey = Math.round(255 * value);
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect(left, top, width, height);
    });
    context.strokeStyle = "#8a8a8a";
    context.fillStyle = "#56b4e9";
    context.font = "11px system-ui, sans-serif";
    for (let tile = 0; tile < tiles.count; tile += 1) {
      const left = (tile % PER_ROW) * (SIDE + GAP);
      const top = Math.floor(tile / PER_ROW) * (SIDE + GAP);
      context.strokeRect(left + 0.5, top + 0.5, SIDE - 1, SIDE - 1);
      context.fillText(String(tile), left + 4, top + 13);
    }
  }
}

function size(tiles: PadTiles): number {
  return tiles.rows * tiles.columns;
}

function summary(tiles: PadTiles): string {
  const brightest = Array.from({ length: tiles.count }, (_, tile) => {
    const values = tiles.values.slice(tile * size(tiles), (tile + 1) * size(tiles));
    return Math.max(0, ...values);
  });
  return `brightest pixels ${brightest.map((value) => value.toFixed(1)).join(", ")}.`;
}
