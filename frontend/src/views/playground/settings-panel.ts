/** Menus and sliders of the settings. A change is sent at once; a slider's, when it rests. */

import type { PlaygroundSettings } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { formatShare } from "../../parts/format";
import { DataMenu } from "./data-menu";
import {
  ACTIVATIONS,
  BATCH_SIZES,
  CLASS_LOSSES,
  type Entry,
  EXPLAINED,
  MANY_CLASSES_LOSSES,
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
/** Numbers from this one on are written with an exponent. */
const LONG = 100_000;

export class SettingsPanel {
  readonly element = make("div", { class: "playground-settings" });
  private readonly data: DataMenu;
  private readonly fields = new Map<Name, (setup: Setup) => void>();
  private readonly timers = new Map<Name, ReturnType<typeof setTimeout>>();

  constructor(private readonly send: (settings: Change) => void) {
    this.data = new DataMenu(send);
    this.element.append(
      make(
        "div",
        { class: "playground-fields" },
        this.data.element,
        this.slider("noise", "Noise", [0, 1, 0.05], (value) => value.toFixed(2)),
        this.slider("split", "For training", [0.1, 0.9, 0.1], formatShare),
        this.numbers("batch_size", "Batch size", BATCH_SIZES),
        this.seed(),
      ),
      make(
        "div",
        { class: "playground-fields" },
        this.menu("activation", "Activation", () => ACTIVATIONS),
        this.menu("loss", "Loss", lossesOf),
        this.menu("optimizer", "Optimizer", () => OPTIMIZERS),
        this.numbers("lr", "Learning rate", RATES),
        this.menu("regularisation", "Regularisation", () => REGULARISATIONS),
        this.numbers("penalty", "Its factor", PENALTIES),
      ),
    );
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  setSetup(setup: Setup): void {
    this.data.setSetup(setup);
    for (const show of this.fields.values()) show(setup);
  }

  /** Paints what depends on the theme. */
  paint(): void {
    this.data.paint();
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
      select.disabled = name === "activation" && setup.message.own_model !== null;
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
        all.map((each) => ({ value: String(each), label: shortNumber(each) })),
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
      clearTimeout(this.timers.get(name));
      this.timers.set(
        name,
        setTimeout(() => this.send({ [name]: Number(input.value) }), REST_MS),
      );
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
    const input = make("input", {
      type: "number",
      name: "seed",
      min: "0",
      step: "1",
      "aria-label": "Seed",
    });
    const send = (value: number) => this.send({ seed: Math.max(0, Math.round(value || 0)) });
    input.addEventListener("change", () => send(Number(input.value)));
    this.fields.set("seed", ({ message }) => {
      input.value = String(message.settings.seed);
    });
    const next = make(
      "button",
      {
        type: "button",
        class: "playground-next",
        title: "Other points, first weights and batches",
      },
      "Next",
    );
    next.addEventListener("click", () => send(Number(input.value) + 1));
    return make(
      "div",
      { class: "playground-field", title: EXPLAINED.seed },
      make("span", { "aria-hidden": "true" }, "Seed"),
      make("div", { class: "playground-seed" }, input, next),
    );
  }
}

function lossesOf({ message }: Setup): readonly Entry[] {
  if (message.regression) return VALUE_LOSSES;
  return message.outputs > 1 ? MANY_CLASSES_LOSSES : CLASS_LOSSES;
}

function shortNumber(value: number): string {
  return value < LONG ? String(value) : value.toExponential().replace("+", "");
}

function setOptions(select: HTMLSelectElement, entries: readonly Entry[]): void {
  const now = [...select.options].map(({ value }) => value).join(" ");
  if (now === entries.map(({ value }) => value).join(" ")) return;
  select.replaceChildren(...entries.map(({ value, label }) => make("option", { value }, label)));
}
