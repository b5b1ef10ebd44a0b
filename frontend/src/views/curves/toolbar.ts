/** The controls of the curves: quantities, smoothing, scales. */

import { make, setText } from "../../parts/element";
import { shorten } from "../../parts/format";
import type { ViewSettings } from "../../parts/view-settings";
import { BY_STEP, type StepAxis } from "../../plot/step-axis";
import { LEARNING_RATE, type Quantity } from "./quantities";

/** Number of metrics, without the loss, that are selected by default. */
const INITIALLY_SHOWN = 2;
const INITIAL_SMOOTHING = 40;
/** Maximum number of letters on a button. */
const MAX_CHIP = 22;

const NO_LOG_STACK =
  "Areas are stacked on a linear scale only: on a logarithmic one they would not add up.";

export type FileFormat = "PNG" | "CSV";

export interface ToolbarActions {
  /** A control has another value. */
  changed(): void;
  export(format: FileFormat): void;
}

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
    value: String(INITIAL_SMOOTHING),
    "aria-label": "Smoothing",
  });
  private readonly strength = make("span", { class: "labkit-number" });
  private readonly log = make("input", { type: "checkbox" });
  private readonly stack = make("input", { type: "checkbox" });
  private readonly stacking = make("label", {}, this.stack, "Stack");
  private readonly axes = make("select", {
    "aria-label": "Horizontal axis",
    title: "What the horizontal axis shows: steps, epochs, or the time since the start of the run",
  });
  private readonly shown = new Map<string, boolean>();
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly actions: ToolbarActions,
    extra: HTMLElement,
    private readonly settings: ViewSettings,
  ) {
    this.slider.value = settings.get("curves smoothing") ?? String(INITIAL_SMOOTHING);
    this.log.checked = settings.get("curves scale") === "log";
    this.stack.checked = settings.get("curves stack") === "on";
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
      {
        title:
          "Logarithmic scale: equal distances mean equal factors, which shows small values as " +
          "well as large.",
      },
      this.log,
      "Log",
    );
    this.element.append(
      this.chips,
      smoothing,
      scale,
      this.stacking,
      this.axes,
      exportMenu(actions),
      extra,
    );
    this.settings.saveOnChange(this.axes, "curves axis");
    this.axes.addEventListener("change", () => this.actions.changed());
    this.slider.addEventListener("input", () => this.saveAndNotify());
    this.log.addEventListener("change", () => this.saveAndNotify());
    this.stack.addEventListener("change", () => this.saveAndNotify());
    this.describe();
  }

  get smoothing(): number {
    return Number(this.slider.value) / 100;
  }

  get logarithmic(): boolean {
    return this.log.checked;
  }

  /** Offers to stack these parts of the loss; returns whether they are stacked. */
  stacks(parts: readonly string[]): boolean {
    this.stacking.hidden = parts.length === 0;
    this.stack.disabled = this.logarithmic;
    const title = this.logarithmic ? NO_LOG_STACK : stackTitle(parts);
    if (this.stacking.title !== title) this.stacking.title = title;
    return parts.length > 0 && this.stack.checked && !this.logarithmic;
  }

  /** Updates the menu of axes; returns the selected one. */
  chooseAxis(known: readonly StepAxis[]): StepAxis {
    const { axes, settings } = this;
    if (known.length !== axes.options.length) {
      axes.replaceChildren(
        ...known.map(({ kind }) => make("option", { value: kind }, `by ${kind}`)),
      );
      settings.restore(axes, "curves axis");
    }
    axes.hidden = known.length < 2;
    return known.find(({ kind }) => kind === axes.value) ?? BY_STEP;
  }

  /** Updates the list of quantities; returns the selected ones. */
  choose(quantities: readonly Quantity[]): Quantity[] {
    const keys = new Set(quantities.map(({ key }) => key));
    for (const quantity of quantities) this.offer(quantity);
    for (const [key, button] of this.buttons) button.hidden = !keys.has(key);
    this.chips.hidden = quantities.length < 2;
    return quantities.filter(({ key }) => this.shown.get(key));
  }

  /** Adds a button for a quantity, and updates its text. */
  private offer({ key, title }: Quantity): void {
    const button = this.buttons.get(key) ?? this.addButton(key);
    setText(button, shorten(title, MAX_CHIP));
    if (button.title !== title) button.title = title;
  }

  private addButton(key: string): HTMLButtonElement {
    const others = [...this.shown].filter(([name, shown]) => shown && name !== "loss").length;
    const saved = this.settings.get(`curves ${key}`);
    const byDefault = key === "loss" || (key !== LEARNING_RATE && others < INITIALLY_SHOWN);
    const shown = saved === null ? byDefault : saved === "shown";
    this.shown.set(key, shown);
    const chip = make("button", {
      type: "button",
      class: "labkit-chip",
      "aria-pressed": String(shown),
    });
    chip.addEventListener("click", () => {
      const next = !this.shown.get(key);
      if (!next && [...this.shown.values()].filter(Boolean).length === 1) return;
      this.shown.set(key, next);
      this.settings.set(`curves ${key}`, next ? "shown" : "hidden");
      chip.setAttribute("aria-pressed", String(next));
      this.actions.changed();
    });
    this.chips.insertBefore(chip, this.buttons.get(LEARNING_RATE) ?? null);
    this.buttons.set(key, chip);
    return chip;
  }

  private saveAndNotify(): void {
    this.settings.set("curves smoothing", this.slider.value);
    this.settings.set("curves scale", this.logarithmic ? "log" : null);
    this.settings.set("curves stack", this.stack.checked ? "on" : null);
    this.describe();
    this.actions.changed();
  }

  private describe(): void {
    setText(this.strength, this.smoothing === 0 ? "off" : `${this.slider.value} %`);
  }
}

function stackTitle(parts: readonly string[]): string {
  return (
    `Draws ${parts.join(", ")} as areas on top of each other, in the panel of the loss. Offered ` +
    "because these metrics are never negative, and add up to the recorded loss at the newest " +
    "steps at which they were logged (to one part in a thousand)."
  );
}

/** Returns a menu whose first entry is its title; another one saves a file. */
function exportMenu({ export: save }: ToolbarActions): HTMLSelectElement {
  const menu = make(
    "select",
    {
      "aria-label": "Export",
      title: "Save the curves as a picture (PNG), or their values as a table (CSV)",
    },
    make("option", { value: "" }, "Export…"),
    make("option", { value: "PNG" }, "PNG"),
    make("option", { value: "CSV" }, "CSV"),
  );
  menu.addEventListener("change", () => {
    const { value } = menu;
    menu.value = "";
    if (value === "PNG" || value === "CSV") save(value);
  });
  return menu;
}
