/** Menus and sliders of the settings. A change is sent at once; a slider's, when it rests. */

import type { PlaygroundSettings } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { formatShare } from "../../parts/format";
import {
  ACTIVATIONS,
  BATCH_SIZES,
  CLASS_LOSSES,
  DATA,
  type Entry,
  EXPLAINED,
  OPTIMIZERS,
  PENALTIES,
  RATES,
  REGULARISATIONS,
  VALUE_LOSSES,
} from "./menus";
import type { Setup } from "./state";

type Name = keyof PlaygroundSettings;
type Change = Partial<PlaygroundSettings>;

/** Time without a further movement after which the value of a slider is sent, in ms. */
const REST_MS = 120;
const OWN: Entry = { value: "own", label: "Your points" };

export class SettingsPanel {
  readonly element = make("div", { class: "playground-settings" });
  private readonly fields = new Map<Name, (setup: Setup) => void>();

  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (settings: Change) => void) {
    this.element.append(
      this.menu("data", "Data", ({ message }) => (message.own_data ? [OWN] : DATA)),
      this.slider("noise", "Noise", [0, 1, 0.05], (value) => value.toFixed(2)),
      this.slider("split", "For training", [0.1, 0.9, 0.1], formatShare),
      this.numbers("batch_size", "Batch size", BATCH_SIZES),
      this.menu("activation", "Activation", () => ACTIVATIONS),
      this.menu("loss", "Loss", ({ message }) =>
        message.regression ? VALUE_LOSSES : CLASS_LOSSES,
      ),
      this.menu("optimizer", "Optimizer", () => OPTIMIZERS),
      this.numbers("lr", "Learning rate", RATES),
      this.menu("regularisation", "Regularisation", () => REGULARISATIONS),
      this.numbers("penalty", "Its factor", PENALTIES),
      this.seed(),
    );
  }

  close(): void {
    clearTimeout(this.timer);
  }

  setSetup(setup: Setup): void {
    for (const show of this.fields.values()) show(setup);
  }

  private field(name: Name, label: string, control: HTMLElement, more: HTMLElement[] = []) {
    const title = EXPLAINED[name as keyof typeof EXPLAINED] ?? "";
    return make(
      "label",
      { class: "playground-field", title },
      make("span", {}, label, ...more),
      control,
    );
  }

  private menu(name: Name, label: string, entriesFor: (setup: Setup) => readonly Entry[]) {
    const select = make("select", { name });
    select.addEventListener("change", () => this.send({ [name]: select.value }));
    this.fields.set(name, (setup) => {
      const entries = entriesFor(setup);
      const value = String(setup.message.settings[name]);
      setOptions(select, entries);
      select.value = value;
      select.disabled =
        (name === "activation" && setup.message.own_model !== null) ||
        (name === "data" && setup.message.own_data);
    });
    return this.field(name, label, select);
  }

  private numbers(name: Name, label: string, choices: readonly number[]) {
    const select = make("select", { name });
    select.addEventListener("change", () => this.send({ [name]: Number(select.value) }));
    this.fields.set(name, ({ message }) => {
      const value = message.settings[name] as number;
      const all = [...new Set([...choices, value])].sort((a, b) => a - b);
      setOptions(
        select,
        all.map((each) => ({ value: String(each), label: String(each) })),
      );
      select.value = String(value);
      select.disabled = name === "penalty" && message.settings.regularisation === "none";
    });
    return this.field(name, label, select);
  }

  private slider(
    name: Name,
    label: string,
    [min, max, step]: readonly [number, number, number],
    format: (value: number) => string,
  ) {
    const input = make("input", {
      type: "range",
      name,
      min: String(min),
      max: String(max),
      step: String(step),
    });
    const shown = make("b");
    input.addEventListener("input", () => {
      setText(shown, format(Number(input.value)));
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send({ [name]: Number(input.value) }), REST_MS);
    });
    this.fields.set(name, ({ message }) => {
      const value = message.settings[name] as number;
      input.value = String(value);
      setText(shown, format(value));
      input.disabled = name === "noise" && message.own_data;
    });
    return this.field(name, label, input, [shown]);
  }

  private seed() {
    const input = make("input", { type: "number", name: "seed", min: "0", step: "1" });
    input.addEventListener("change", () => {
      const value = Math.max(0, Math.round(Number(input.value) || 0));
      this.send({ seed: value });
    });
    this.fields.set("seed", ({ message }) => {
      input.value = String(message.settings.seed);
    });
    return this.field("seed", "Seed", input);
  }
}

function setOptions(select: HTMLSelectElement, entries: readonly Entry[]): void {
  const now = [...select.options].map(({ value }) => value).join(" ");
  if (now === entries.map(({ value }) => value).join(" ")) return;
  select.replaceChildren(...entries.map(({ value, label }) => make("option", { value }, label)));
}
