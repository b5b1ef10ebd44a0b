/** The hyperparameters of one parameter group: a slider and fields. */

import type { GroupFacts, GroupValue, Quantity, Schedule } from "../../messages/tuning";
import { make, setText } from "../../parts/element";
import type { ChangeSender } from "./change-sender";
import { fieldText, POSITIONS, positionOf, valueAt } from "./log-scale";

const QUANTITIES: Readonly<Record<Quantity, readonly [name: string, explanation: string]>> = {
  lr: [
    "Learning rate",
    "How far a step moves the parameters. The loss diverges if it is too large, and hardly falls " +
      "if it is too small.",
  ],
  momentum: [
    "Momentum",
    "The part of the previous step that the next one continues with, from 0 to below 1.",
  ],
  betas: [
    "Betas",
    "Over how many steps Adam averages gradients (first) and their squares (second), each from 0 " +
      "to below 1: 0.9 is about 10 steps, 0.999 about 1,000.",
  ],
  weight_decay: ["Weight decay", "How strongly each step pulls the parameters towards 0."],
};

const SCHEDULES: readonly (readonly [Schedule, string])[] = [
  ["scale", "scale its schedule"],
  ["hold", "hold this value"],
];

const SCHEDULE_EXPLANATION =
  "This value has been changing by itself, as a scheduler or the loop sets it. Scaling multiplies " +
  "all later values by new over old; holding uses the new value until it is taken back.";

export class GroupFields {
  readonly element: HTMLElement;
  private readonly title = make("h4", { class: "labkit-tuning-title" });
  private readonly reason = make("p", { class: "labkit-message" });
  private readonly rows = new Map<Quantity, ValueRow>();

  constructor(
    private readonly name: string,
    private readonly sender: ChangeSender,
  ) {
    this.element = make(
      "div",
      { class: "labkit-tuning-group", role: "group", "aria-label": `Parameter group ${name}` },
      this.title,
      this.reason,
    );
  }

  update(facts: GroupFacts, isOnly: boolean, isOpen: boolean): void {
    const count = `${facts.parameters} parameter${facts.parameters === 1 ? "" : "s"}`;
    setText(this.title, `Parameter group ${facts.name} · ${count}`);
    this.title.title =
      "An optimizer divides its parameters into groups; each has values of its own.";
    this.title.hidden = isOnly && facts.name === "0";
    setText(this.reason, facts.reason ? `Cannot be changed: ${facts.reason}` : "");
    for (const value of facts.values) {
      let row = this.rows.get(value.quantity);
      if (!row) {
        row = new ValueRow(this.name, value, this.sender);
        this.rows.set(value.quantity, row);
        this.element.append(row.element);
      }
      row.update(value, isOpen && facts.reason === null);
    }
  }
}

class ValueRow {
  readonly element: HTMLElement;
  private readonly fields: HTMLInputElement[];
  private readonly slider: HTMLInputElement | null;
  private readonly schedule: HTMLSelectElement;
  private readonly own = make("span", { class: "labkit-tuning-own" });

  constructor(
    private readonly group: string,
    private readonly value: GroupValue,
    private readonly sender: ChangeSender,
  ) {
    const [name, explanation] = QUANTITIES[value.quantity];
    const label = `${name} of group ${group}`;
    this.fields = value.used.map((_, index) => {
      const ordinal = value.used.length > 1 ? `, ${["first", "second"][index]}` : "";
      return make("input", {
        type: "number",
        min: "0",
        step: "any",
        "aria-label": `${label}${ordinal}`,
      });
    });
    this.slider = value.quantity === "lr" ? this.makeSlider(label) : null;
    this.schedule = make(
      "select",
      { "aria-label": `What a schedule does to the ${label}`, title: SCHEDULE_EXPLANATION },
      ...SCHEDULES.map(([choice, text]) => make("option", { value: choice }, text)),
    );
    this.own.title =
      "What the optimizer's own group contains; the steps use the value that was set here.";
    this.element = make(
      "div",
      { class: "labkit-tuning-row" },
      make("span", { class: "labkit-tuning-name", title: explanation }, name),
      ...(this.slider ? [this.slider] : []),
      ...this.fields,
      this.schedule,
      this.own,
    );
    for (const field of this.fields) field.addEventListener("change", () => this.send());
  }

  update(value: GroupValue, isEnabled: boolean): void {
    for (const input of [...this.fields, ...(this.slider ? [this.slider] : [])]) {
      input.disabled = !isEnabled;
    }
    this.schedule.hidden = !value.varies;
    const isAdjusted = value.used.some((used, index) => used !== value.own[index]);
    setText(this.own, isAdjusted ? `own value ${value.own.map(fieldText).join(", ")}` : "");
    if (this.sender.isPending || this.element.contains(document.activeElement)) return;
    this.show(value);
  }

  private show({ used }: GroupValue): void {
    this.fields.forEach((field, index) => {
      const text = fieldText(used[index] ?? 0);
      if (field.value !== text) field.value = text;
    });
    if (this.slider) this.setSlider(used[0] ?? 0);
  }

  private makeSlider(label: string): HTMLInputElement {
    const slider = make("input", {
      type: "range",
      min: "0",
      max: String(POSITIONS),
      "aria-label": `${label}, logarithmic`,
    });
    // While it is dragged, the field shows the value; it is sent when the slider is released.
    slider.addEventListener("input", () => {
      const [field] = this.fields;
      const value = valueAt(Number(slider.value));
      if (field) field.value = fieldText(value);
      slider.setAttribute("aria-valuetext", fieldText(value));
    });
    slider.addEventListener("change", () => this.send());
    return slider;
  }

  private setSlider(value: number): void {
    if (!this.slider) return;
    this.slider.value = String(positionOf(value));
    this.slider.setAttribute("aria-valuetext", fieldText(value));
  }

  private send(): void {
    const wrong = this.fields.find((field) => field.value === "" || !field.validity.valid);
    if (wrong) {
      this.sender.refuse(refusalText(this.value.quantity, wrong.value));
      return;
    }
    const numbers = this.fields.map((field) => Number(field.value));
    this.setSlider(numbers[0] ?? 0);
    this.sender.send({
      type: "adjust",
      group: this.group,
      quantity: this.value.quantity,
      value: numbers,
      schedule: this.schedule.value as Schedule,
    });
  }
}

/** Returns why the text of a field is not sent; a browser gives "" for what is no number. */
function refusalText(quantity: Quantity, text: string): string {
  const given = text === "" ? "what was entered is no number" : `${text} was entered`;
  return `Nothing was changed: ${QUANTITIES[quantity][0].toLowerCase()} takes a number of at least 0, and ${given}.`;
}
