/** The weights of the network as lines: width is size, colour is sign. A click selects one. */

import { NOT_FINITE_COLOUR } from "../../heat-map/scale";
import type { PlaygroundLayer } from "../../messages/playground";
import { edgeColour } from "./painting";
import { edgePath, edgeWidth, type Places, type UnitPlace } from "./places";
import { weightPlace } from "./state";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** A weight: the layer, its unit, and the unit or input before. */
export interface WeightRef {
  readonly layer: number;
  readonly unit: number;
  readonly source: number;
}

interface Edge extends WeightRef {
  readonly index: number;
  /** Row of the tile at the left: inputs that are off have rows, too. */
  readonly row: number;
  readonly line: SVGPathElement;
  readonly target: SVGPathElement;
}

export class Edges {
  readonly element = document.createElementNS(NAMESPACE, "svg");
  private edges: Edge[] = [];
  private weights: Float32Array = new Float32Array();
  private hovered: Edge | null = null;

  /** `hover` gets a weight under the pointer and its value; null for none. */
  constructor(
    private readonly select: (weight: WeightRef) => void,
    private readonly hover: (weight: WeightRef | null, value: number) => void,
  ) {
    this.element.setAttribute("class", "playground-edges");
    this.element.setAttribute("aria-hidden", "true");
  }

  /**
   * Makes the lines of layers whose inputs are the units of the column before them; `inputRows` are
   * the rows of the inputs.
   */
  make(layers: readonly PlaygroundLayer[], inputRows: readonly number[]): void {
    this.edges = [];
    this.setHovered(null);
    layers.forEach((made, layer) => {
      if (made.source !== layer) return;
      for (let unit = 0; unit < made.units; unit++) {
        const { first, count } = weightPlace(layers, layer, unit);
        for (let source = 0; source < count; source++) {
          const row = layer === 0 ? (inputRows[source] as number) : source;
          this.edges.push(this.edge({ layer, unit, source }, first + source, row));
        }
      }
    });
    this.element.replaceChildren(
      ...this.edges.map(({ line }) => line),
      ...this.edges.map(({ target }) => target),
    );
  }

  private edge(weight: WeightRef, index: number, row: number): Edge {
    const line = document.createElementNS(NAMESPACE, "path");
    const target = document.createElementNS(NAMESPACE, "path");
    line.setAttribute("class", "playground-edge");
    target.setAttribute("class", "playground-edge-target");
    target.dataset.labkitEdge = `${weight.layer},${weight.unit},${weight.source}`;
    const edge = { ...weight, index, row, line, target };
    target.addEventListener("click", () => this.select(weight));
    target.addEventListener("pointerenter", () => this.setHovered(edge));
    target.addEventListener("pointerleave", () => this.setHovered(null));
    return edge;
  }

  /** Shows the lines of a unit, or of an input, more clearly than the others; null for all alike. */
  emphasise(unit: UnitPlace | null, inputRow: (row: number) => number): void {
    this.element.toggleAttribute("data-emphasised", unit !== null);
    for (const { line, layer, unit: row, source } of this.edges) {
      const isOf =
        unit !== null &&
        ((layer + 1 === unit.column && row === unit.row) ||
          (layer === unit.column && (layer === 0 ? inputRow(source) : source) === unit.row));
      line.toggleAttribute("data-emphasised", isOf);
    }
  }

  private setHovered(edge: Edge | null): void {
    this.hovered?.line.removeAttribute("data-hovered");
    this.hovered = edge;
    edge?.line.setAttribute("data-hovered", "");
    this.reportHovered();
  }

  private reportHovered(): void {
    const { hovered } = this;
    this.hover(hovered, hovered ? (this.weights[hovered.index] ?? Number.NaN) : Number.NaN);
  }

  place(places: Places, width: number): void {
    this.element.setAttribute("width", String(width));
    this.element.setAttribute("height", String(places.height));
    for (const { line, target, layer, row, unit } of this.edges) {
      const path = edgePath(places, { column: layer, row }, { column: layer + 1, row: unit });
      line.setAttribute("d", path);
      target.setAttribute("d", path);
    }
  }

  paint(weights: Float32Array, dark: boolean): void {
    this.weights = weights;
    if (this.hovered) this.reportHovered();
    for (const { line, index } of this.edges) {
      const weight = weights[index] ?? Number.NaN;
      const colour = Number.isNaN(weight) ? NOT_FINITE_COLOUR : edgeColour(weight > 0, dark);
      setStyle(line, "stroke", colour);
      setStyle(line, "stroke-width", edgeWidth(weight).toFixed(1));
    }
  }
}

/** Sets a style only if it differs, which saves the browser from drawing the line again. */
function setStyle(line: SVGPathElement, name: string, value: string): void {
  if (line.style.getPropertyValue(name) !== value) line.style.setProperty(name, value);
}
