/** What the answers to all kinds of questions have in common. */

import type { PredictionValue } from "../../messages/prediction";
import { make } from "../../parts/element";

/** The part of a card in which the answer is given. */
export interface Answer {
  readonly element: HTMLElement;
  /** What is to be done while there is no answer, as a sentence. */
  readonly request: string;
  /** The answer, or null if there is none yet. */
  value(): PredictionValue | null;
  /** Shows an answer that is locked in; null if there is none. No other can be given then. */
  close(locked: PredictionValue | null): void;
  /** Allows another answer again. */
  open(): void;
}

/** Buttons of which one is chosen; the browser moves between them with the arrow keys. */
export class RadioButtons {
  readonly element: HTMLFieldSetElement;
  readonly #inputs: HTMLInputElement[] = [];

  constructor(
    legend: string,
    options: readonly { readonly value: string; readonly content: readonly Node[] }[],
    onChange: () => void,
    signal: AbortSignal,
  ) {
    this.element = make("fieldset", {}, make("legend", {}, legend));
    for (const { value, content } of options) {
      const input = make("input", { type: "radio", name: legend, value });
      input.addEventListener("change", onChange, { signal });
      this.#inputs.push(input);
      this.element.append(make("label", {}, input, make("span", {}, ...content)));
    }
  }

  get value(): string | null {
    return this.#inputs.find((input) => input.checked)?.value ?? null;
  }

  set value(value: string | null) {
    for (const input of this.#inputs) input.checked = input.value === value;
  }

  get disabled(): boolean {
    return this.element.disabled;
  }

  set disabled(isDisabled: boolean) {
    this.element.disabled = isDisabled;
  }
}
