/** One line under the plot: the colour and the name of a curve, and some of its values. */

import { make, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import type { Extremes, Recorded } from "../../plot/extremes";
import type { DrawnLine } from "./quantities";

/** Number of characters at the end of a long name that are always visible. */
const NAME_END = 10;
const LONG_NAME = 16;

/** What a row shows of the values at the newest step, at the cursor, or at two cursors. */
export type ShownValue =
  | { readonly kind: "last"; readonly value: number }
  | { readonly kind: "cursor"; readonly at: Recorded | null }
  | { readonly kind: "change"; readonly from: Recorded | null; readonly to: Recorded | null };

export interface RowActions {
  moveCursor(step: number): void;
  toggle(): void;
}

export class ValueRow {
  readonly element = make("li");
  private readonly swatch = make("span", { class: "labkit-swatch", "aria-hidden": "true" });
  private readonly name: HTMLElement;
  private readonly label = make("span", { class: "labkit-curves-label" });
  private readonly value = make("span", { class: "labkit-curves-number" });
  private readonly low: ExtremeButton;
  private readonly high: ExtremeButton;

  /** `isFixed` is whether the line cannot be hidden, as it is alone in its panel, or stacked. */
  constructor(line: DrawnLine, isFixed: boolean, actions: RowActions) {
    this.name = nameElement(line.name, isFixed, actions);
    this.low = new ExtremeButton("min", "Lowest finite value", actions);
    this.high = new ExtremeButton("max", "Highest finite value", actions);
    this.element.append(
      make("div", {}, this.swatch, this.name),
      make("div", {}, this.label, this.value),
      make("div", {}, this.low.element),
      make("div", {}, this.high.element),
    );
  }

  show({ colour, isHidden }: DrawnLine, value: ShownValue, extremes: Extremes | null): void {
    if (this.swatch.style.background !== colour) this.swatch.style.background = colour;
    this.element.classList.toggle("labkit-curves-off", isHidden);
    if (this.name instanceof HTMLButtonElement) {
      this.name.setAttribute("aria-pressed", String(!isHidden));
    }
    const [label, text] = wordsOf(value);
    setText(this.label, label);
    setText(this.value, text);
    const isChange = value.kind === "change"; // It needs the room of the extremes.
    this.low.show(isChange ? null : (extremes?.low ?? null), false);
    this.high.show(isChange ? null : (extremes?.high ?? null), extremes?.isHighABound ?? false);
  }
}

function wordsOf(shown: ShownValue): readonly [label: string, value: string] {
  if (shown.kind === "last") return ["last", formatValue(shown.value)];
  if (shown.kind === "cursor") {
    return shown.at
      ? [`at ${formatCount(shown.at.step)}`, formatValue(shown.at.value)]
      : ["at the cursor", "no value"];
  }
  const { from, to } = shown;
  if (!from || !to) return ["change", "no value"];
  const values = `${formatValue(from.value)} → ${formatValue(to.value)}`;
  return [values, signed(to.value - from.value)];
}

function signed(change: number): string {
  return change > 0 ? `+${formatValue(change)}` : formatValue(change);
}

/** Returns a name that is cut in the middle where there is no room; its tooltip is the whole. */
function nameElement(name: string, isFixed: boolean, actions: RowActions): HTMLElement {
  const cut = name.length > LONG_NAME ? name.length - NAME_END : name.length;
  const parts = [
    make("span", { class: "labkit-curves-name-start" }, name.slice(0, cut)),
    make("span", { class: "labkit-curves-name-end" }, name.slice(cut)),
  ];
  const attributes = { class: "labkit-curves-name", title: name };
  if (isFixed) return make("span", attributes, ...parts);
  const title = `${name}: show or hide this curve`;
  const button = make("button", { ...attributes, type: "button", title }, ...parts);
  button.addEventListener("click", () => actions.toggle());
  return button;
}

/** A button with an extreme value that moves the cursor to its step. */
class ExtremeButton {
  readonly element = make("button", { type: "button", class: "labkit-curves-extreme" });
  private readonly value = make("span", { class: "labkit-curves-number" });
  private readonly place = make("span", { class: "labkit-curves-place" });
  private step: number | null = null;

  constructor(
    word: string,
    private readonly meaning: string,
    actions: RowActions,
  ) {
    this.element.append(
      make("span", { class: "labkit-curves-label" }, word),
      this.value,
      this.place,
    );
    this.element.addEventListener("click", () => {
      if (this.step !== null) actions.moveCursor(this.step);
    });
  }

  show(found: Recorded | null, isBound: boolean): void {
    this.element.hidden = found === null;
    if (found === null) return;
    setText(this.value, `${isBound ? "≥ " : ""}${formatValue(found.value)}`);
    if (found.step === this.step) return;
    this.step = found.step;
    const step = formatCount(found.step);
    setText(this.place, `at ${step}`);
    this.element.title = `${this.meaning}, at step ${step}: click to move the cursor there`;
  }
}
