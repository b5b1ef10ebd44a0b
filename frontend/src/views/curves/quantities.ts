/** Groups columns into panels: a loss with its validation loss, a metric with its test metric. */

import type { StepAxis } from "../../plot/step-axis";
import type { SeriesTable } from "../../session";
import { splitOf } from "./splits";

export interface Line {
  readonly name: string;
  readonly table: SeriesTable;
  readonly column: number;
  /** The curve whose area this line bounds above, if it is stacked on others. */
  readonly part?: Line;
}

export interface Quantity {
  /** The name without the part of the data, which remains when a further line is recorded. */
  readonly key: string;
  /** The name of the only line, or what the lines have in common. */
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A line with the colour that it has in all drawings. */
export interface DrawnLine extends Line {
  readonly colour: string;
  /** Whether the user has hidden it. */
  readonly isHidden: boolean;
  /** Lengths of dashes and gaps, with commas; solid without. */
  readonly dash?: string;
  /** Where its steps are, if that is not the same for all lines: those of several runs. */
  readonly axis?: StepAxis;
  /** What a sentence calls it in a plot of several runs: "SGD: loss". */
  readonly inWords?: string;
}

export interface DrawnQuantity extends Quantity {
  readonly lines: readonly DrawnLine[];
}

export const LEARNING_RATE = "learning rate";
const LOSS = "loss";

/** Returns an id that is unique among the lines of a run. */
export function lineId({ table, column }: Line): string {
  return `${table.id} ${column}`;
}

/** Returns the quantities of a run: losses, then metrics in recorded order, then learning rates. */
export function quantitiesOf(tables: readonly SeriesTable[]): Quantity[] {
  const groups = new Map<string, { key: string; lines: Line[] }>([
    [LOSS, { key: LOSS, lines: [] }],
  ]);
  for (const kind of ["loss", "metric", "lr"] as const) {
    for (const table of tables) {
      if (table.kind !== kind) continue;
      table.names.forEach((name, column) => {
        const key = keyOf(table, name);
        const group = groups.get(key.toLowerCase()) ?? { key, lines: [] };
        groups.set(key.toLowerCase(), group);
        group.lines.push({ name: nameOf(table, name), table, column });
      });
    }
  }
  const found = [...groups.values()].filter(({ lines }) => lines.length > 0);
  return found.map(({ key, lines }) => ({ key, title: titleOf(key, lines), lines }));
}

/** Returns the quantities with some metrics as areas in the panel of the loss. */
export function withAreas(quantities: readonly Quantity[], areas: readonly Line[]): Quantity[] {
  const ids = new Set(areas.flatMap(({ part }) => (part ? [lineId(part)] : [])));
  return quantities
    .map((quantity) => {
      if (quantity.key === LOSS) return { ...quantity, lines: [...quantity.lines, ...areas] };
      const lines = quantity.lines.filter((line) => !ids.has(lineId(line)));
      return { ...quantity, title: titleOf(quantity.key, lines), lines };
    })
    .filter(({ lines }) => lines.length > 0);
}

/** Returns the lines with the colours of a theme, which differ between adjacent lines. */
export function drawnQuantities(
  quantities: readonly Quantity[],
  colours: readonly string[],
  hidden: ReadonlySet<string> = new Set(),
): DrawnQuantity[] {
  let index = -1;
  return quantities.map((quantity) => ({
    ...quantity,
    lines: quantity.lines.map((line) => {
      index += 1;
      const colour = colours[index % colours.length] as string;
      return { ...line, colour, isHidden: hidden.has(lineId(line)) };
    }),
  }));
}

function keyOf(table: SeriesTable, name: string): string {
  if (table.kind === "loss") return LOSS;
  return table.kind === "lr" ? LEARNING_RATE : splitOf(name).quantity;
}

function titleOf(key: string, [first, ...others]: readonly Line[]): string {
  const isAlone = others.length === 0 && key !== LOSS && key !== LEARNING_RATE;
  return isAlone ? (first?.name ?? key) : key;
}

function nameOf(table: SeriesTable, name: string): string {
  if (table.kind !== "lr") return name;
  return table.names.length === 1 ? LEARNING_RATE : `${LEARNING_RATE} ${name}`;
}
