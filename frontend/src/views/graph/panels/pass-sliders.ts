/** A slider for the passes of each visible repeat, and a button that shows all passes. */

import { visibleText } from "../../../parts/visible-text";
import { html } from "../drawing/elements";
import type { DrawnRepeat } from "../structure/collapsed-graph";

/** Shows a pass of a repeat, counted from 0, or all passes; resolves when they are drawn. */
export type ChoosePass = (repeat: DrawnRepeat, pass: number | "all") => Promise<void>;

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly slider: HTMLInputElement;
  readonly number: HTMLElement;
  readonly all: HTMLButtonElement;
  repeat: DrawnRepeat;
}

export class PassSliders {
  readonly element = html("div", { class: "labkit-graph-rolls" });
  private readonly rows = new Map<string, Row>();
  private drawing = false;
  private pendingChoice: {
    readonly repeat: DrawnRepeat;
    readonly pass: number | "all";
  } | null = null;

  constructor(private readonly choose: ChoosePass) {
    this.element.hidden = true;
    // Disables JupyterLab's keyboard shortcuts while a slider has the focus.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Updates the rows, one per visible repeat. */
  update(repeats: readonly DrawnRepeat[], isDrawn: (id: string) => boolean): void {
    const seen = repeats.filter((repeat) =>
      isDrawn(repeat.pass === null ? repeat.key : repeat.box),
    );
    const keys = new Set(seen.map((repeat) => repeat.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    for (const repeat of seen) this.show(repeat);
    this.element.hidden = seen.length === 0;
  }

  private show(repeat: DrawnRepeat): void {
    const row = this.rows.get(repeat.key) ?? this.add(repeat);
    row.repeat = repeat;
    const collapsed = repeat.pass !== null;
    row.name.textContent = visibleText(`${repeat.passes} × ${repeat.label}`);
    row.slider.max = String(repeat.passes);
    row.slider.disabled = !collapsed;
    const number = collapsed ? `${(repeat.pass ?? 0) + 1} of ${repeat.passes}` : "all";
    if (!this.pendingChoice && collapsed) row.slider.value = String((repeat.pass ?? 0) + 1);
    row.slider.setAttribute("aria-valuetext", number);
    row.number.textContent = number;
    row.all.textContent = collapsed ? "Show all" : "Roll up";
    row.all.title = collapsed ? "Draw every pass" : "Draw one pass for all, with a slider";
    if (!row.element.parentNode) this.element.append(row.element);
  }

  private add(repeat: DrawnRepeat): Row {
    const row: Row = {
      element: html("div", { class: "labkit-graph-roll", role: "group" }),
      name: html("span", { class: "labkit-graph-roll-name" }),
      slider: html("input", { type: "range", min: "1", "aria-label": `Pass of ${repeat.label}` }),
      number: html("span", { class: "labkit-graph-roll-number" }),
      all: html("button", { type: "button" }),
      repeat,
    };
    row.slider.addEventListener("input", () =>
      this.request(row.repeat, Number(row.slider.value) - 1),
    );
    row.all.addEventListener("click", () =>
      this.request(row.repeat, row.repeat.pass === null ? row.repeat.typical : "all"),
    );
    row.element.append(row.name, row.slider, row.number, row.all);
    this.rows.set(repeat.key, row);
    return row;
  }

  /** Draws a choice; of the choices made during a drawing only the newest is drawn. */
  private async request(repeat: DrawnRepeat, pass: number | "all"): Promise<void> {
    this.pendingChoice = { repeat, pass };
    if (this.drawing) return;
    this.drawing = true;
    try {
      while (this.pendingChoice) {
        const choice = this.pendingChoice;
        this.pendingChoice = null;
        await this.choose(choice.repeat, choice.pass);
      }
    } finally {
      this.drawing = false;
    }
  }
}
