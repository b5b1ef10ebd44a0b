/** What a person can choose about the curves. */

import { make, setText } from "../../parts/element";
import type { Memory } from "../../parts/view-settings";
import { LEARNING_RATE, type Quantity } from "./quantities";

/** Metrics that are shown unasked, the loss not counted. */
const SHOWN_AT_FIRST = 2;
const SMOOTHING_AT_FIRST = 40;

export class CurvesToolbar {
  readonly element = make("div", { class: "labkit-toolbar" });
  private readonly chips = make("div", {
    class: "labkit-chips",
    role: "group",
    "aria-label": "Quantities",
  });
  private readonly slider = make("input", {
    type: "range",
    min: "0",
    max: "100",
    step: "5",
    value: String(SMOOTHING_AT_FIRST),
    "aria-label": "Smoothing",
  });
  private readonly strength = make("span", { class: "labkit-number" });
  private readonly log = make("input", { type: "checkbox" });
  private readonly shown = new Map<string, boolean>();

  constructor(
    private readonly changed: () => void,
    extra: HTMLElement,
    private readonly memory: Memory,
  ) {
    this.slider.value = memory.recall("curves smoothing") ?? String(SMOOTHING_AT_FIRST);
    this.log.checked = memory.recall("curves scale") === "log";
    const smoothing = make(
      "label",
      {
        title:
          "Averages over neighbouring steps so that the trend is seen; the recorded values stay " +
          "visible, faint, behind it.",
      },
      "Smoothing",
      this.slider,
      this.strength,
    );
    const scale = make(
      "label",
      { title: "Equal distances mean equal factors, which shows small values as well as large." },
      this.log,
      "Log scale",
    );
    this.element.append(this.chips, smoothing, scale, extra);
    this.slider.addEventListener("input", () => this.announce());
    this.log.addEventListener("change", () => this.announce());
    this.describe();
  }

  get smoothing(): number {
    return Number(this.slider.value) / 100;
  }

  get logarithmic(): boolean {
    return this.log.checked;
  }

  /** Offers the quantities that there are; returns those to show. */
  choose(quantities: readonly Quantity[]): Quantity[] {
    for (const { key } of quantities) if (!this.shown.has(key)) this.offer(key);
    this.chips.hidden = quantities.length < 2;
    return quantities.filter(({ key }) => this.shown.get(key));
  }

  private offer(key: string): void {
    const others = [...this.shown].filter(([name, shown]) => shown && name !== "loss").length;
    const before = this.memory.recall(`curves ${key}`);
    const unasked = key === "loss" || (key !== LEARNING_RATE && others < SHOWN_AT_FIRST);
    const shown = before === null ? unasked : before === "shown";
    this.shown.set(key, shown);
    const chip = make(
      "button",
      { type: "button", class: "labkit-chip", "aria-pressed": String(shown), title: key },
      key,
    );
    chip.addEventListener("click", () => {
      const next = !this.shown.get(key);
      if (!next && [...this.shown.values()].filter(Boolean).length === 1) return;
      this.shown.set(key, next);
      this.memory.keep(`curves ${key}`, next ? "shown" : "hidden");
      chip.setAttribute("aria-pressed", String(next));
      this.changed();
    });
    const rate = [...this.chips.children].find((each) => each.textContent === LEARNING_RATE);
    this.chips.insertBefore(chip, rate ?? null);
  }

  private announce(): void {
    this.memory.keep("curves smoothing", this.slider.value);
    this.memory.keep("curves scale", this.logarithmic ? "log" : null);
    this.describe();
    this.changed();
  }

  private describe(): void {
    setText(this.strength, this.smoothing === 0 ? "off" : `${this.slider.value} %`);
  }
}
