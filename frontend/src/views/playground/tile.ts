/** A unit, an input or the output of the network, with its picture of the plane. */

import { make } from "../../parts/element";
import { edgeColour, fitCanvas, paintPicture } from "./painting";
import { TILE, type UnitPlace } from "./places";
import type { Picture } from "./state";

export interface TileOptions {
  readonly place: UnitPlace;
  readonly name: string;
  /** Text at the left, for inputs. */
  readonly label?: string;
  readonly title: string;
  /** Whether the tile is a switch; otherwise a click selects it. */
  readonly isSwitch: boolean;
  /** Colour at the right edge, of an output that is a class. */
  readonly classColour?: string;
}

export class Tile {
  readonly element: HTMLButtonElement;
  readonly place: UnitPlace;
  readonly name: string;
  private readonly canvas = document.createElement("canvas");
  private biasLook = "";
  private readonly bias = make("i", { class: "playground-bias", "aria-hidden": "true" });

  constructor({ place, name, label, title, isSwitch, classColour }: TileOptions) {
    this.place = place;
    this.name = name;
    this.bias.hidden = true;
    this.element = make(
      "button",
      { type: "button", class: "playground-tile", title, "aria-label": name, tabindex: "-1" },
      ...(label ? [make("span", { class: "playground-feature" }, label)] : []),
      this.canvas,
      this.bias,
    );
    if (classColour) this.element.style.boxShadow = `5px 0 0 ${classColour}`;
    if (isSwitch) this.element.setAttribute("aria-pressed", "true");
    fitCanvas(this.canvas, TILE, TILE);
  }

  move(left: number, top: number): void {
    this.element.style.transform = `translate(${left}px, ${top}px)`;
  }

  paint(picture: Picture, table: Uint32Array): void {
    paintPicture(this.canvas, picture, table);
  }

  /** Shows the bias as a small square in its colour. */
  showBias(value: number, dark: boolean): void {
    const shade = Math.min(10, Math.round(10 * (0.25 + Math.abs(value)))) / 10;
    const look = `${edgeColour(value > 0, dark)} ${shade}`;
    if (look === this.biasLook) return;
    this.biasLook = look;
    this.bias.hidden = Number.isNaN(value);
    this.bias.style.background = edgeColour(value > 0, dark);
    this.bias.style.opacity = String(shade);
  }

  setOn(isOn: boolean): void {
    this.element.setAttribute("aria-pressed", String(isOn));
  }

  setSelected(isSelected: boolean): void {
    this.element.toggleAttribute("data-selected", isSelected);
  }
}
