/** The weights of a selected unit, each with a slider and a field. */

import { make, setText } from "../../parts/element";
import { formatValue } from "../../parts/format";
import type { UnitPlace } from "./places";
import type { Frame, WeightPlace } from "./state";

const SLIDER_END = 5;
const HINT = "Click on a unit or on a line to see its weights and to change them.";

interface Row {
  readonly index: number;
  readonly source: number | null;
  readonly slider: HTMLInputElement;
  readonly field: HTMLInputElement;
}

export class WeightsPanel {
  readonly element = make("section", {
    class: "playground-weights",
    "aria-label": "Weights of a unit",
  });
  private rows: Row[] = [];

  constructor(
    private readonly send: (unit: UnitPlace, source: number | null, value: number) => void,
  ) {
    this.clear();
  }

  clear(): void {
    this.rows = [];
    this.element.replaceChildren(legend(), make("p", { class: "playground-muted" }, HINT));
  }

  /** Shows the weights of a unit, and a remark. */
  show(
    unit: UnitPlace,
    name: string,
    sources: readonly string[],
    { first, count, bias }: WeightPlace,
    remark: string,
  ): void {
    this.rows = [];
    const list = make("div", { class: "playground-weight-list" });
    for (let source = 0; source < count; source++) {
      list.append(this.row(unit, source, first + source, `from ${sources[source]}`));
    }
    if (count > 0) list.append(this.row(unit, null, bias, "bias"));
    const more = remark === "" ? [] : [make("p", { class: "playground-muted" }, remark)];
    this.element.replaceChildren(legend(), make("h4", {}, `${name}: weights`), ...more, list);
  }

  /** Gives the focus to the field of a weight. */
  focus(source: number): void {
    this.rows[source]?.field.focus();
    this.rows[source]?.field.select();
  }

  private row(unit: UnitPlace, source: number | null, index: number, label: string): HTMLElement {
    const slider = make("input", {
      type: "range",
      min: String(-SLIDER_END),
      max: String(SLIDER_END),
      step: "0.01",
      "aria-label": `Weight ${label}`,
    });
    const field = make("input", { type: "number", step: "0.1", "aria-label": `Weight ${label}` });
    const set = (value: number) => {
      if (Number.isFinite(value)) this.send(unit, source, value);
    };
    slider.addEventListener("input", () => {
      field.value = slider.value;
      set(Number(slider.value));
    });
    field.addEventListener("change", () => set(field.valueAsNumber));
    this.rows.push({ index, source, slider, field });
    const text = make("span", {});
    setText(text, label);
    return make("div", { class: "playground-weight" }, text, slider, field);
  }

  paint({ weights }: Frame): void {
    for (const { index, slider, field } of this.rows) {
      const value = weights[index] ?? Number.NaN;
      const isAbsent = Number.isNaN(value);
      // Of what the user is changing, the value stays that of the user.
      if (document.activeElement !== slider) slider.value = String(value);
      if (document.activeElement !== field) field.value = isAbsent ? "" : value.toFixed(3);
      field.title = formatValue(value);
    }
  }
}

/** Returns what the lines and the squares of the network are. */
function legend(): HTMLElement {
  const entry = (text: string, sample: string) =>
    make("span", { class: "playground-entry" }, make("i", { class: sample }), text);
  return make(
    "p",
    { class: "playground-legend playground-muted" },
    entry("positive weight", "playground-sample playground-positive"),
    entry("negative weight", "playground-sample playground-negative"),
    "the wider, the larger",
    entry("bias", "playground-square playground-positive"),
  );
}
