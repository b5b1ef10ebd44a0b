/** A field for a number or a shape, with a slider for a number between two ends. */

import type { ExactForm, NumberForm, PredictionValue } from "../../messages/prediction";
import { make } from "../../parts/element";
import type { Answer } from "./answer";

/** Steps of the slider. */
const STEPS = 100;

export class FieldAnswer implements Answer {
  readonly element = make("div", { class: "field" });
  readonly request = "Give an answer first.";
  readonly #field = make("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  #slider: HTMLInputElement | null = null;

  constructor(
    form: NumberForm | ExactForm,
    private readonly onChange: () => void,
    private readonly signal: AbortSignal,
  ) {
    const isShape = form.kind === "exact" && form.length !== null;
    const count = isShape && form.length ? `${form.length} ` : "";
    const label = isShape ? `Your answer, ${count}whole numbers` : "Your answer";
    this.#field.setAttribute("aria-label", label);
    this.#field.inputMode = isShape ? "text" : "decimal";
    this.#field.placeholder = isShape ? example(form.length || 3) : "a number";
    this.#field.addEventListener("input", () => this.#typed(), { signal });
    if (form.kind === "number" && form.low !== null && form.high !== null) {
      this.#addSlider(form.low, form.high);
    }
    const unit = form.kind === "number" && form.unit ? [make("span", {}, form.unit)] : [];
    this.element.append(this.#field, ...unit);
  }

  value(): PredictionValue | null {
    return this.#field.value.trim() || null;
  }

  close(locked: PredictionValue | null): void {
    if (locked === null) this.#field.value = "";
    else if (typeof locked === "object") this.#field.value = tupleText(locked);
    else this.#field.value = String(locked);
    this.#followField();
    this.#field.disabled = true;
    if (this.#slider) this.#slider.disabled = true;
  }

  open(): void {
    this.#field.disabled = false;
    if (this.#slider) this.#slider.disabled = false;
  }

  #addSlider(low: number, high: number): void {
    const slider = make("input", {
      type: "range",
      min: String(low),
      max: String(high),
      step: String((high - low) / STEPS),
      "aria-label": `Your answer, from ${low} to ${high}`,
    });
    slider.value = String((low + high) / 2);
    // A press on its handle changes nothing, and means the value at which it is.
    for (const type of ["input", "pointerup"] as const) {
      slider.addEventListener(type, () => this.#slid(), { signal: this.signal });
    }
    this.#slider = slider;
    this.element.append(make("span", {}, String(low)), slider, make("span", {}, String(high)));
  }

  #slid(): void {
    this.#field.value = String(Number(Number(this.#slider?.value).toPrecision(3)));
    this.onChange();
  }

  #typed(): void {
    this.#followField();
    this.onChange();
  }

  #followField(): void {
    const number = Number(this.#field.value);
    if (this.#slider && this.#field.value.trim() && Number.isFinite(number)) {
      this.#slider.value = String(number);
    }
  }
}

function example(length: number): string {
  return tupleText(Array.from({ length }, (_, place) => place + 2));
}

/** Writes numbers as Python writes a tuple. */
function tupleText(numbers: readonly unknown[]): string {
  return `(${numbers.join(", ")}${numbers.length === 1 ? "," : ""})`;
}
