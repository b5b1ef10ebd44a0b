/**
 * The rows under the plot with the values of the lines, which are also its legend.
 *
 * Only what changed is written, and extremes include new points only, as this is drawn with every
 * frame.
 */

import { make, setText } from "../../parts/element";
import { type Extremes, pointAt, RunningExtremes } from "../../plot/extremes";
import type { SeriesTable } from "../../session";
import { type DrawnLine, type DrawnQuantity, type Line, lineId } from "./quantities";
import { type ShownValue, ValueRow } from "./value-row";

export interface StripActions {
  moveCursor(step: number): void;
  /** Shows or hides a line. */
  toggle(line: Line): void;
  endComparison(): void;
}

export interface StripInput {
  readonly quantities: readonly DrawnQuantity[];
  readonly cursor: number | null;
  /** Both ends of a comparison; null without one. */
  readonly compared: readonly [from: number, to: number] | null;
  /** What lies between the two, as a sentence. */
  readonly distance: string;
}

export class ValueStrip {
  readonly element: HTMLElement;
  private readonly comparison: HTMLElement;
  private readonly distance = make("span");
  private readonly list = make("ul");
  private readonly extremes = new WeakMap<SeriesTable, Map<number, RunningExtremes>>();
  private rows: ValueRow[] = [];
  /** The lines of the rows, one id per row. */
  private shown = "";

  constructor(private readonly actions: StripActions) {
    const end = make(
      "button",
      {
        type: "button",
        class: "labkit-button",
        title: "Remove the second cursor (Escape)",
        "aria-label": "Remove the second cursor",
      },
      "×",
    );
    end.addEventListener("click", () => actions.endComparison());
    this.comparison = make(
      "div",
      { class: "labkit-curves-comparison", role: "status" },
      this.distance,
      end,
    );
    this.element = make(
      "div",
      { class: "labkit-curves-values", role: "group", "aria-label": "Values of the curves" },
      this.comparison,
      this.list,
    );
  }

  draw(input: StripInput): void {
    this.comparison.hidden = input.compared === null;
    this.element.classList.toggle("labkit-curves-compared", input.compared !== null);
    setText(this.distance, input.compared ? input.distance : "");
    const lines = input.quantities.flatMap((each) => each.lines);
    this.arrange(input.quantities, lines);
    lines.forEach((line, index) => {
      const own = line.part ?? line;
      this.rows[index]?.show(line, shownValue(own, input), this.extremesOf(own));
    });
  }

  /** Makes the rows anew if the lines are others. */
  private arrange(quantities: readonly DrawnQuantity[], lines: readonly DrawnLine[]): void {
    const shown = lines.map(lineId).join("\n");
    if (shown === this.shown) return;
    this.shown = shown;
    this.rows = quantities.flatMap(({ lines: some }) =>
      some.map((line) => {
        const { moveCursor } = this.actions;
        const toggle = () => this.actions.toggle(line);
        const isFixed = some.length === 1 || line.part !== undefined;
        return new ValueRow(line, isFixed, { moveCursor, toggle });
      }),
    );
    this.list.replaceChildren(...this.rows.map(({ element }) => element));
  }

  private extremesOf({ table, column }: Line): Extremes | null {
    const columns = this.extremes.get(table) ?? new Map<number, RunningExtremes>();
    this.extremes.set(table, columns);
    const running = columns.get(column) ?? new RunningExtremes();
    columns.set(column, running);
    return running.update(table.points(column));
  }
}

function shownValue({ table, column }: Line, { cursor, compared }: StripInput): ShownValue {
  const points = () => table.points(column);
  if (compared) {
    const [from, to] = compared;
    return { kind: "change", from: pointAt(points(), from), to: pointAt(points(), to) };
  }
  if (cursor !== null) return { kind: "cursor", at: pointAt(points(), cursor) };
  return { kind: "last", value: table.latest()?.[column] ?? Number.NaN };
}
