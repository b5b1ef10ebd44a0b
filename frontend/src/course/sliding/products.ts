/** The kernel: what it multiplies under the window, cell by cell, and the weights to edit. */

import type { SlidingTable } from "../../messages/sliding";
import { shadeFor } from "./colours";
import { short, type WindowSum } from "./geometry";

const LARGEST_WEIGHT = 1000;

/** A table of products; each weight is a field. */
export class ProductTable {
  readonly element = document.createElement("div");
  private readonly grid = document.createElement("div");
  private readonly sum = document.createElement("output");
  private fields: HTMLInputElement[] = [];
  private pixels: HTMLElement[] = [];
  private products: HTMLElement[] = [];
  private weights: readonly number[] = [];

  /** `onWeights` is called with the new weights after an edit. */
  constructor(
    private readonly onWeights: (values: readonly number[]) => void,
    private readonly signal: AbortSignal,
  ) {
    this.grid.className = "products";
    this.sum.setAttribute("aria-live", "polite");
    this.element.append(this.grid, this.sum);
  }

  show(weights: SlidingTable, computed: WindowSum): void {
    this.weights = weights.values;
    if (this.fields.length !== weights.values.length) this.build(weights);
    const shadePixel = shadeFor([0, 1, ...computed.pixels]);
    const most = Math.max(1, ...computed.products.map(Math.abs));
    const shadeProduct = shadeFor([-most, most]);
    weights.values.forEach((weight, place) => {
      const [field, pixel, product] = [
        this.fields[place],
        this.pixels[place],
        this.products[place],
      ];
      if (!field || !pixel || !product) return;
      if (document.activeElement !== field || Number(field.value) === weight) {
        field.value = written(weight);
      }
      this.write(pixel, computed.pixels[place] ?? 0, shadePixel);
      this.write(product, computed.products[place] ?? 0, shadeProduct);
    });
    this.sum.textContent = `sum of the products: ${short(computed.sum)}`;
  }

  private write(element: HTMLElement, value: number, shade: ReturnType<typeof shadeFor>): void {
    const { fill, ink } = shade(value);
    element.textContent = short(value);
    element.style.background = fill;
    element.style.color = ink;
  }

  private build(weights: SlidingTable): void {
    this.fields = [];
    this.pixels = [];
    this.products = [];
    this.grid.style.gridTemplateColumns = `repeat(${weights.columns}, 1fr)`;
    this.grid.replaceChildren(...weights.values.map((_, place) => this.cell(weights, place)));
  }

  private cell(weights: SlidingTable, place: number): HTMLElement {
    const cell = document.createElement("div");
    const field = document.createElement("input");
    const [pixel, product] = [document.createElement("span"), document.createElement("span")];
    const [row, column] = [Math.floor(place / weights.columns) + 1, (place % weights.columns) + 1];
    field.type = "number";
    field.step = "any";
    field.setAttribute("aria-label", `weight, row ${row}, column ${column}`);
    field.title = "A weight of the kernel: type another number";
    pixel.title = "The pixel under this weight";
    product.title = "Pixel × weight";
    field.addEventListener("input", () => this.edit(), { signal: this.signal });
    field.addEventListener("blur", () => this.restore(field, place), { signal: this.signal });
    cell.append(pixel, field, product);
    this.fields.push(field);
    this.pixels.push(pixel);
    this.products.push(product);
    return cell;
  }

  /** Writes the weight that counts into a field that was left empty, or with too large a number. */
  private restore(field: HTMLInputElement, place: number): void {
    const weight = this.weights[place];
    if (weight !== undefined) field.value = written(weight);
  }

  private edit(): void {
    const values = this.fields.map((field) => Number.parseFloat(field.value));
    if (values.some((value) => !(Math.abs(value) <= LARGEST_WEIGHT))) return;
    this.onWeights(values);
  }
}

function written(weight: number): string {
  return String(Math.round(weight * 1e4) / 1e4);
}
