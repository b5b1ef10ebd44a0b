/** One of several options. */

import type { ChoiceForm, PredictionValue } from "../../messages/prediction";
import { make } from "../../parts/element";
import { type Answer, RadioButtons } from "./answer";
import { markedText } from "./marked-text";

export class ChoiceAnswer implements Answer {
  readonly element: HTMLElement;
  readonly request = "Choose an answer first.";
  readonly #buttons: RadioButtons;

  constructor(form: ChoiceForm, onChange: () => void, signal: AbortSignal) {
    const options = form.options.map(({ value, text }) => ({
      value,
      content: [make("b", {}, value), " ", ...markedText(text)].map((part) =>
        typeof part === "string" ? document.createTextNode(part) : part,
      ),
    }));
    this.#buttons = new RadioButtons("Your answer", options, onChange, signal);
    this.#buttons.element.className = "options";
    this.element = this.#buttons.element;
  }

  value(): PredictionValue | null {
    return this.#buttons.value;
  }

  close(locked: PredictionValue | null): void {
    this.#buttons.value = typeof locked === "string" ? locked : null;
    this.#buttons.disabled = true;
  }

  open(): void {
    this.#buttons.disabled = false;
  }
}
