/** The recorded points of some curves as CSV, one row per step. */

import type { StepAxis } from "../../plot/step-axis";
import type { Line } from "./quantities";

/** The names of the columns for the axes. */
const AXIS_COLUMNS: Readonly<Record<StepAxis["kind"], string>> = {
  step: "step",
  epoch: "epoch",
  time: "seconds",
};
/** Digits with which every float32 is written and read without a change. */
const MAX_DIGITS = 9;
const MIN_DIGITS = 6;

/** Returns the text; a cell is empty where a curve has no point. */
export function csvOf(lines: readonly Line[], axes: readonly StepAxis[]): string {
  const columns = lines.map(({ table, column }) => {
    const { steps, values } = table.points(column);
    return new Map(Array.from(steps, (step, index) => [step, values[index] as number]));
  });
  const steps = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  steps.sort((a, b) => a - b);
  const names = lines.map(({ name }) => columnName(name));
  const head = [...axes.map(({ kind }) => AXIS_COLUMNS[kind]), ...names];
  const rows = steps.map((step) => [
    ...axes.map((axis) => placeOf(axis, step)),
    ...columns.map((column) => numberText(column.get(step))),
  ]);
  return `${[head.map(cell), ...rows].map((row) => row.join(",")).join("\r\n")}\r\n`;
}

function placeOf({ kind, at, secondsPerUnit }: StepAxis, step: number): string {
  return kind === "step" ? String(step) : (at(step) * secondsPerUnit).toFixed(4);
}

/** Returns the shortest text that is read as the same float32. */
function numberText(value: number | undefined): string {
  if (value === undefined) return "";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  for (let digits = MIN_DIGITS; digits < MAX_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(MAX_DIGITS)));
}

/** Returns a name that spreadsheets do not take for a formula, as `to_csv` in Python writes it. */
function columnName(name: string): string {
  return /^'*[=+\-@\t\r]/.test(name) ? `'${name}` : name;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
