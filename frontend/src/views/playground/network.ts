/** The network: tiles in columns, lines between them, and buttons that add and remove units. */

import type { PlaygroundLayer } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import { isDark } from "../../parts/theme";
import { classColour } from "./class-colours";
import { Edges, type WeightRef } from "./edges";
import { columnHeads, layerCount } from "./heads";
import { FEATURES } from "./menus";
import { valueTable } from "./painting";
import { type Places, placesOf, RIGHT_ROOM, TILE, type UnitPlace } from "./places";
import { type Frame, pictureOf, type Setup, weightPlace } from "./state";
import { Tile } from "./tile";

export interface NetworkActions {
  /** Other inputs or other hidden layers are wanted. */
  change(settings: { features?: readonly string[]; hidden?: readonly number[] }): void;
  /** A unit is selected to change its weights, one of them in particular. */
  select(unit: UnitPlace, source: number | null): void;
  /** A tile has the pointer or the focus; null for none. */
  hover(unit: UnitPlace | null): void;
}

export class NetworkDrawing {
  readonly element = make("div", {
    class: "playground-network",
    role: "group",
    "aria-label": "Network: arrow keys move between its units, Enter selects one",
  });
  private readonly edges: Edges;
  private readonly counts = make("div", { class: "playground-layers" });
  private readonly stage = make("div", { class: "playground-stage" });
  private readonly tip = make("div", { class: "playground-tip", "aria-hidden": "true" });
  private tiles: Tile[][] = [];
  private heads: HTMLElement[] = [];
  private setup: Setup | null = null;
  private places: Places | null = null;
  private structure = "";
  private readonly observer: ResizeObserver;

  constructor(private readonly actions: NetworkActions) {
    this.edges = new Edges(
      ({ layer, unit, source }: WeightRef) =>
        actions.select({ column: layer + 1, row: unit }, source),
      (weight, value) => this.showTip(weight, value),
    );
    this.tip.hidden = true;
    this.element.append(this.counts, this.stage);
    this.stage.addEventListener("keydown", (event) => this.moveFocus(event));
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.stage);
  }

  close(): void {
    this.observer.disconnect();
  }

  /** Names of what a unit's weights are multiplied with. */
  sourcesOf({ column }: UnitPlace): string[] {
    const { message } = this.setup as Setup;
    const { inputs, source } = message.layers[column - 1] as PlaygroundLayer;
    return Array.from({ length: inputs }, (_, row) => {
      if (source === null) return `input ${row + 1}`;
      const name = message.inputs[row] as string;
      return source === 0 ? (FEATURES[name] ?? name) : this.nameOf({ column: source, row });
    });
  }

  nameOf({ column, row }: UnitPlace): string {
    const { class_names, layers, outputs, own_model } = (this.setup as Setup).message;
    if (column === layers.length)
      return outputs === 1 ? "Output" : `Output for ${class_names[row]}`;
    const layer = own_model === null ? `layer ${column}` : layers[column - 1]?.name;
    return `Unit ${row + 1} of ${layer}`;
  }

  /** Makes tiles and lines anew if the network has another structure. */
  setSetup(setup: Setup): void {
    this.setup = setup;
    const { message } = setup;
    const { layers, inputs, own_model, class_names } = message;
    const structure = JSON.stringify([layers, inputs, own_model, class_names]);
    if (structure === this.structure) return;
    this.structure = structure;
    const focused = this.focusedName();
    this.makeTiles(setup);
    this.heads = columnHeads(setup, this.actions.change);
    this.counts.replaceChildren(...layerCount(setup, this.actions.change));
    this.edges.make(layers, this.inputRows());
    const tiles = this.tiles.flat();
    this.stage.replaceChildren(
      this.edges.element,
      ...this.heads,
      ...tiles.map(({ element }) => element),
      this.tip,
    );
    const current = tiles.find(({ name }) => name === focused) ?? tiles[0];
    current?.element.setAttribute("tabindex", "0");
    if (focused !== null) current?.element.focus();
    this.place();
    this.paintInputs();
  }

  paint(frame: Frame): void {
    if (!this.setup) return;
    const dark = isDark(this.element);
    this.edges.paint(frame.weights, dark);
    const { message } = this.setup;
    const table = valueTable(dark);
    for (const tile of this.tiles.slice(1).flat()) {
      const [layer, unit] = [tile.place.column - 1, tile.place.row];
      const picture = pictureOf(frame, message, layer, unit);
      if (picture) tile.paint(picture, table);
      const { bias } = weightPlace(message.layers, layer, unit);
      tile.showBias(frame.weights[bias] ?? Number.NaN, dark);
    }
  }

  /** Paints the inputs, which change with the plane and the theme only. */
  paintInputs(): void {
    const table = valueTable(isDark(this.element));
    for (const tile of this.tiles[0] ?? []) {
      const picture = this.setup?.features[tile.place.row];
      if (picture) tile.paint(picture, table);
    }
  }

  showSelected(selected: UnitPlace | null): void {
    for (const tile of this.tiles.flat()) {
      const { column, row } = tile.place;
      tile.setSelected(selected?.column === column && selected.row === row);
    }
  }

  // ── tiles ────────────────────────────────────────────────────────────────

  private makeTiles({ message }: Setup): void {
    const names = Object.keys(FEATURES).slice(0, message.own_model === null ? undefined : 2);
    const inputs = names.map((name, row) => this.input(name, row));
    const layers = message.layers.map(({ units }, layer) =>
      Array.from({ length: units }, (_, row) => this.unit({ column: layer + 1, row })),
    );
    this.tiles = [inputs, ...layers];
    for (const tile of this.tiles.flat()) this.listen(tile);
  }

  private input(name: string, row: number): Tile {
    const { message } = this.setup as Setup;
    const label = FEATURES[name] as string;
    const isOn = message.inputs.includes(name);
    const tile = new Tile({
      place: { column: 0, row },
      name: `Input ${label}`,
      label,
      title: message.own_model === null ? `Input ${label}: click to add or remove it` : label,
      isSwitch: true,
    });
    tile.setOn(isOn);
    tile.element.addEventListener("click", () => {
      if (message.own_model !== null) return;
      const features = isOn
        ? message.inputs.filter((each) => each !== name)
        : [...message.inputs, name];
      if (features.length > 0) this.actions.change({ features });
    });
    return tile;
  }

  private unit(place: UnitPlace): Tile {
    const { layers, outputs } = (this.setup as Setup).message;
    const isClass = place.column === layers.length && outputs > 1;
    const name = this.nameOf(place);
    const title = `${name}: click to see and to change its weights`;
    const colour = isClass ? { classColour: classColour(place.row) } : {};
    const tile = new Tile({ place, name, title, isSwitch: false, ...colour });
    tile.element.addEventListener("click", () => this.actions.select(place, null));
    return tile;
  }

  private listen({ element, place }: Tile): void {
    for (const type of ["pointerenter", "focus"] as const) {
      element.addEventListener(type, () => this.hover(place));
    }
    for (const type of ["pointerleave", "blur"] as const) {
      element.addEventListener(type, () => this.hover(null));
    }
  }

  private hover(unit: UnitPlace | null): void {
    const rows = this.inputRows();
    this.edges.emphasise(unit, (source) => rows[source] as number);
    this.actions.hover(unit);
  }

  /** Shows the value of the weight under the pointer in the middle of its line. */
  private showTip(weight: WeightRef | null, value: number): void {
    this.tip.hidden = weight === null;
    const { places } = this;
    if (weight === null || places === null) return;
    const { layer, unit, source } = weight;
    const row = layer === 0 ? (this.inputRows()[source] as number) : source;
    const [from, to] = [
      { column: layer, row },
      { column: layer + 1, row: unit },
    ];
    setText(this.tip, `weight ${formatValue(value)}`);
    const left = ((places.lefts[layer] as number) + (places.lefts[layer + 1] as number) + TILE) / 2;
    const top = (places.top(from) + places.top(to) + TILE) / 2;
    this.tip.style.transform = `translate(calc(${left}px - 50%), calc(${top}px - 100% - 8px))`;
  }

  private inputRows(): number[] {
    const names = Object.keys(FEATURES);
    return (this.setup as Setup).message.inputs.map((name) => names.indexOf(name));
  }

  private focusedName(): string | null {
    const focused = this.tiles.flat().find(({ element }) => element === document.activeElement);
    return focused?.name ?? null;
  }

  private moveFocus(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
    };
    const move = moves[event.key];
    const from = this.tiles.flat().find(({ element }) => element === event.target);
    if (!move || !from) return;
    event.preventDefault();
    const column = this.tiles[from.place.column + move[0]];
    const to = column?.[Math.min(from.place.row + move[1], column.length - 1)];
    if (!to) return;
    from.element.setAttribute("tabindex", "-1");
    to.element.setAttribute("tabindex", "0");
    to.element.focus();
  }

  private place(): void {
    const width = this.stage.clientWidth;
    if (width === 0 || !this.setup) return;
    const counts = this.tiles.map((column) => column.length);
    this.places = placesOf(width, counts);
    this.stage.style.height = `${this.places.height}px`;
    for (const tile of this.tiles.flat()) {
      tile.move(this.places.lefts[tile.place.column] as number, this.places.top(tile.place));
    }
    this.heads.forEach((head, column) => {
      head.style.transform = `translateX(calc(${this.places?.lefts[column]}px - 50% + 18px))`;
      const isLast = column === this.heads.length - 1;
      const between = (this.places?.columnWidth ?? 0) - 4;
      const room = isLast ? Math.min(between, TILE + 2 * RIGHT_ROOM) : between;
      head.style.maxWidth = `${Math.max(TILE, room)}px`;
    });
    this.edges.place(this.places, width);
  }
}
