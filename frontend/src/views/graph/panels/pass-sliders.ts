/** A slider over the passes of each roll on the sheet, and a button that shows them all. */

import { html } from "../drawing/elements";
import type { Roll } from "../structure/collapsed-graph";

/** Shows a pass of a roll, from 0, or all; resolves when it is drawn. */
export type Choose = (roll: Roll, pass: number | "all") => Promise<void>;

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly slider: HTMLInputElement;
  readonly number: HTMLElement;
  readonly all: HTMLButtonElement;
  roll: Roll;
}

export class Sliders {
  readonly element = html("div", { class: "labkit-graph-rolls" });
  private readonly rows = new Map<string, Row>();
  private drawing = false;
  private next: { readonly roll: Roll; readonly pass: number | "all" } | null = null;

  constructor(private readonly choose: Choose) {
    this.element.hidden = true;
    // JupyterLab's own keys must not act while a slider has the keyboard.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** Shows a row for each roll of which something is on the sheet. */
  update(rolls: readonly Roll[], isDrawn: (id: string) => boolean): void {
    const seen = rolls.filter((roll) => isDrawn(roll.pass === null ? roll.key : roll.box));
    const keys = new Set(seen.map((roll) => roll.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    for (const roll of seen) this.show(roll);
    this.element.hidden = seen.length === 0;
  }

  private show(roll: Roll): void {
    const row = this.rows.get(roll.key) ?? this.add(roll);
    row.roll = roll;
    const rolled = roll.pass !== null;
    row.name.textContent = `${roll.passes} × ${roll.words}`;
    row.slider.max = String(roll.passes);
    row.slider.disabled = !rolled;
    const number = rolled ? `${(roll.pass ?? 0) + 1} of ${roll.passes}` : "all";
    if (!this.next && rolled) row.slider.value = String((roll.pass ?? 0) + 1);
    row.slider.setAttribute("aria-valuetext", number);
    row.number.textContent = number;
    row.all.textContent = rolled ? "Show all" : "Roll up";
    row.all.title = rolled ? "Draw every pass" : "Draw one pass for all, with a slider";
    if (!row.element.parentNode) this.element.append(row.element);
  }

  private add(roll: Roll): Row {
    const row: Row = {
      element: html("div", { class: "labkit-graph-roll", role: "group" }),
      name: html("span", { class: "labkit-graph-roll-name" }),
      slider: html("input", { type: "range", min: "1", "aria-label": `Pass of ${roll.words}` }),
      number: html("span", { class: "labkit-graph-roll-number" }),
      all: html("button", { type: "button" }),
      roll,
    };
    row.slider.addEventListener("input", () => this.ask(row.roll, Number(row.slider.value) - 1));
    row.all.addEventListener("click", () => this.ask(row.roll, row.roll.pass === null ? 0 : "all"));
    row.element.append(row.name, row.slider, row.number, row.all);
    this.rows.set(roll.key, row);
    return row;
  }

  /** One drawing at a time; of several wishes meanwhile the newest counts. */
  private async ask(roll: Roll, pass: number | "all"): Promise<void> {
    this.next = { roll, pass };
    if (this.drawing) return;
    this.drawing = true;
    try {
      while (this.next) {
        const wish = this.next;
        this.next = null;
        await this.choose(wish.roll, wish.pass);
      }
    } finally {
      this.drawing = false;
    }
  }
}
