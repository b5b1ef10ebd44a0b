/** The controls above the tables: the filter, stride and padding, and the button that slides. */

import type { SlidingFilter, SlidingTable } from "../../messages/sliding";

const OWN = "your own";
const [STRIDES, PADDINGS] = [
  [1, 2, 3, 4],
  [0, 1, 2, 3],
] as const;

interface ControlEvents {
  onFilter(kernel: SlidingTable): void;
  onStride(stride: number): void;
  onPadding(padding: number): void;
  onSlide(): void;
}

/** A bar of controls. */
export class ControlBar {
  readonly element = document.createElement("div");
  private readonly filter = document.createElement("select");
  private readonly stride = menu(STRIDES);
  private readonly padding = menu(PADDINGS);
  private readonly slide = document.createElement("button");
  private readonly finds = document.createElement("span");

  constructor(
    private readonly filters: readonly SlidingFilter[],
    events: ControlEvents,
    signal: AbortSignal,
  ) {
    this.element.className = "bar";
    this.filter.append(...[...filters.map(({ name }) => name), OWN].map(option));
    this.slide.type = "button";
    this.slide.title = "Move the window over every place, row by row, and fill in the map";
    this.finds.className = "finds";
    this.element.append(
      labelled("filter", this.filter, "A classic kernel; its weights can be edited below"),
      labelled("stride", this.stride, "How many pixels the window moves at a time"),
      labelled("padding", this.padding, "How many rows of zeros are put around the image"),
      this.slide,
      this.finds,
    );
    const on = (element: HTMLElement, name: string, listener: () => void) =>
      element.addEventListener(name, listener, { signal });
    on(this.filter, "change", () => {
      const chosen = filters.find(({ name }) => name === this.filter.value);
      if (chosen) events.onFilter(chosen.kernel);
    });
    on(this.stride, "change", () => events.onStride(Number(this.stride.value)));
    on(this.padding, "change", () => events.onPadding(Number(this.padding.value)));
    on(this.slide, "click", () => events.onSlide());
  }

  show(weights: SlidingTable, stride: number, padding: number, isSliding: boolean): void {
    const known = this.filters.find(({ kernel }) => isSame(kernel, weights));
    this.filter.value = known?.name ?? OWN;
    this.finds.textContent = known ? `finds: ${known.finds}` : "";
    this.stride.value = String(stride);
    this.padding.value = String(padding);
    this.slide.textContent = isSliding ? "Pause" : "Slide";
  }
}

function isSame(one: SlidingTable, other: SlidingTable): boolean {
  if (one.values.length !== other.values.length) return false;
  return one.values.every((value, place) => Math.abs(value - (other.values[place] ?? 0)) < 1e-4);
}

function menu(values: readonly number[]): HTMLSelectElement {
  const select = document.createElement("select");
  select.append(...values.map((value) => option(String(value))));
  return select;
}

function option(name: string): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = element.textContent = name;
  return element;
}

function labelled(name: string, control: HTMLElement, title: string): HTMLLabelElement {
  const label = document.createElement("label");
  label.title = title;
  label.append(name, control);
  return label;
}
