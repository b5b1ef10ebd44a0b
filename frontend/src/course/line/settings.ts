/** Learning rate and size of the batches. */

import { text } from "../race/looks";

interface SettingEvents {
  onChange(rate: number, batch: number): void;
  /** What was typed is no learning rate; the field shows the old one again. */
  onNoRate(): void;
}

/** The slider of the learning rate is logarithmic, from 0.001 to 1. */
const [LOWEST, HIGHEST] = [-3, 0] as const;
/** The kernel takes no higher rate. */
const FASTEST = 100;
const BATCH_TITLE =
  "How many points each step is made with. With fewer than all it is called stochastic " +
  "gradient descent";

export class Settings {
  readonly element = document.createElement("div");
  private readonly slider = document.createElement("input");
  private readonly field = document.createElement("input");
  private readonly batch = document.createElement("select");
  private readonly listeners = new AbortController();
  /** The learning rate that was asked for last, as it was typed. */
  private asked = "";

  constructor(batches: readonly number[], events: SettingEvents) {
    this.element.className = "race-bar line-settings";
    this.slider.type = "range";
    Object.assign(this.slider, { min: String(LOWEST), max: String(HIGHEST), step: "0.01" });
    this.slider.setAttribute("aria-label", "Learning rate, as a slider");
    Object.assign(this.field, { type: "number", min: "0", step: "any" });
    for (const size of batches) {
      const option = document.createElement("option");
      option.value = String(size);
      option.textContent = size === 0 ? "all points" : size === 1 ? "1 point" : `${size} points`;
      this.batch.append(option);
    }
    const each = labelled("each step sees", this.batch);
    each.title = BATCH_TITLE;
    this.element.append(labelled("learning rate", this.field), this.slider);
    if (batches.length > 1) this.element.append(each);
    const { signal } = this.listeners;
    const change = () => {
      const rate = this.field.value === "" ? Number.NaN : Number(this.field.value);
      if (!(rate >= 0 && rate <= FASTEST)) {
        this.field.value = this.asked;
        events.onNoRate();
        return;
      }
      this.asked = this.field.value;
      events.onChange(rate, Number(this.batch.value));
    };
    this.slider.addEventListener("input", () => this.follow(), { signal });
    for (const control of [this.slider, this.field, this.batch]) {
      control.addEventListener("change", change, { signal });
    }
    // JupyterLab takes Enter before the field could turn it into a change.
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Enter" && this.field.value !== this.asked) change();
    };
    this.field.addEventListener("keydown", onKey, { signal });
  }

  close(): void {
    this.listeners.abort();
  }

  show(rate: number, batch: number): void {
    this.field.value = this.asked = String(rate);
    this.slider.value = String(Math.log10(Math.max(1e-9, rate)));
    this.batch.value = String(batch);
  }

  private follow(): void {
    this.field.value = text(10 ** Number(this.slider.value));
  }
}

function labelled(name: string, control: HTMLElement): HTMLLabelElement {
  const made = document.createElement("label");
  made.append(name, control);
  return made;
}
