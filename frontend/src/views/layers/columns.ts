/** The columns of the table: their names, explanations, numbers and texts. */

import { formatShare, formatValue } from "../../parts/format";
import { bytesText, countText, shortCount, siText } from "../graph/structure/text";
import type { Layer, LayerCosts } from "./layers";
import type { Reading } from "./readings";

export interface Column {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  /** In px. */
  readonly width: number;
  /** Where not all columns have room, those with the highest rank are left out. */
  readonly rank: number;
  /** Whether it is shown always, or only if some row has a number, or one above zero. */
  readonly shownIf: "always" | "known" | "positive";
  /** Returns the number to sort by; null without one. */
  value(layer: Layer, reading: Reading): number | null;
  text(layer: Layer, reading: Reading): string;
  /** Returns more on the text than fits into a cell; "" for nothing. */
  detail(layer: Layer, reading: Reading): string;
}

/** The text of a cell without a value. */
const NOTHING = "–";
/** Minimum width of the column with the names, in px. */
export const NAME_WIDTH = 150;
const INCLUDED = "With the modules in it.";

export const COLUMNS: readonly Column[] = [
  {
    id: "shape",
    name: "Output shape",
    explanation:
      "Size of what the module returns, in the newest graph. Letters stand for sizes that vary, " +
      "as that of the last batch. Of a module that is called several times, the first call's.",
    width: 124,
    rank: 7,
    shownIf: "always",
    value: ({ costs }) => (costs?.shape ? sizeOf(costs.shape) : null),
    text: ({ costs }) => costs?.shape || NOTHING,
    detail: ({ costs }) => (costs ? shapeDetail(costs) : ""),
  },
  counted("trainable", "Trainable", 1, 78, ({ trainable }) => trainable, {
    explanation: `Number of parameters that training changes. ${INCLUDED}`,
    format: shortCount,
    detail: countText,
  }),
  counted("frozen", "Frozen", 5, 66, ({ frozen }) => frozen, {
    explanation: `Number of parameters that training does not change. ${INCLUDED}`,
    shownIf: "positive",
    format: shortCount,
    detail: countText,
  }),
  {
    id: "flops",
    name: "FLOP",
    explanation:
      "Floating point operations of the forward pass: of matrix products, convolutions and " +
      `attention. ${INCLUDED} “≥” where torch has no formula for some of them.`,
    width: 72,
    rank: 6,
    shownIf: "always",
    value: ({ costs }) => costs?.forwardFlops ?? null,
    text: ({ costs }) => flopsText(costs?.forwardFlops ?? null, costs?.unknown ?? 0),
    detail: ({ costs }) => (costs ? flopsDetail(costs.forwardFlops, costs.backwardFlops) : ""),
  },
  counted("saved", "Kept for backward", 11, 80, ({ costs }) => costs?.savedBytes ?? null, {
    explanation: `Memory of what the forward pass keeps for the backward pass. ${INCLUDED}`,
    format: bytesText,
    detail: (bytes) => `${countText(bytes)} bytes`,
  }),
  counted("time", "Forward time", 10, 74, ({ costs }) => costs?.seconds ?? null, {
    explanation:
      "Time of the module's calls on the host, at the step whose graph is shown. " +
      `${INCLUDED} An accelerator may end the work later.`,
    shownIf: "known",
    format: (seconds) => siText(seconds, "s"),
    detail: () => "",
  }),
  recorded("gradientNorm", "Gradient norm", 2, {
    explanation:
      "How strongly the loss pushes the module's parameters, at the last reading: root of the " +
      `sum of squares over their gradients. ${INCLUDED}`,
    format: formatValue,
  }),
  recorded("weightNorm", "Weight norm", 9, {
    explanation: `How large the module's parameters are: root of the sum of their squares. ${INCLUDED}`,
    format: formatValue,
  }),
  recorded("updateRatio", "Update ratio", 3, {
    explanation:
      "How far a step moves the module's parameters, relative to their size: root of the sum of " +
      `squares of the update over that of the parameters. About 0.001 is customary. ${INCLUDED}`,
    format: formatValue,
  }),
  recorded("dead", "Dead units", 4, {
    explanation:
      "Part of the units that a ReLU made zero for every sample of the batch: no gradient passes " +
      "through them. Of a module with others, the largest part.",
    shownIf: "known",
    format: formatShare,
  }),
  recorded("saturated", "Saturated", 8, {
    explanation:
      "Part of the outputs at the flat ends of a sigmoid or tanh, where hardly any gradient " +
      "passes. Of a module with others, the largest part.",
    shownIf: "known",
    format: formatShare,
  }),
];

/**
 * Returns the columns that have room beside the names, in their order: those with the lowest ranks
 * among those with something to show.
 */
export function columnsFor(
  width: number,
  rows: readonly (readonly [layer: Layer, reading: Reading])[],
): readonly Column[] {
  const used = COLUMNS.filter(({ shownIf, value }) => {
    if (shownIf === "always") return true;
    const numbers = rows.map(([layer, reading]) => value(layer, reading));
    return numbers.some((number) => number !== null && (shownIf === "known" || number > 0));
  });
  let room = width - NAME_WIDTH;
  const chosen = new Set<Column>();
  for (const column of used.sort((one, other) => one.rank - other.rank)) {
    room -= column.width;
    if (room < 0) break;
    chosen.add(column);
  }
  return COLUMNS.filter((column) => chosen.has(column));
}

interface Formatting {
  readonly explanation: string;
  readonly shownIf?: Column["shownIf"];
  format(value: number): string;
  detail(value: number): string;
}

function counted(
  id: string,
  name: string,
  rank: number,
  width: number,
  value: (layer: Layer) => number | null,
  { explanation, format, detail, shownIf = "always" }: Formatting,
): Column {
  const written = (layer: Layer, as: (number: number) => string, otherwise: string) => {
    const number = value(layer);
    return number === null ? otherwise : as(number);
  };
  return {
    id,
    name,
    explanation,
    width,
    rank,
    shownIf,
    value,
    text: (layer) => written(layer, format, NOTHING),
    detail: (layer) => written(layer, detail, ""),
  };
}

function recorded(
  id: keyof Reading,
  name: string,
  rank: number,
  { explanation, format, shownIf = "always" }: Omit<Formatting, "detail">,
): Column {
  return {
    id,
    name,
    explanation,
    width: 84,
    rank,
    shownIf,
    value: (_, reading) => reading[id],
    text: (_, reading) => {
      const value = reading[id];
      return value === null ? NOTHING : format(value);
    },
    detail: () => "",
  };
}

function shapeDetail({ shape, calls }: LayerCosts): string {
  return calls > 1 ? `${shape} of the first of ${countText(calls)} calls` : shape;
}

function flopsText(flops: number | null, unknown: number): string {
  if (flops === null) return unknown > 0 ? "unknown" : NOTHING;
  return `${unknown > 0 ? "≥ " : ""}${shortCount(flops)}`;
}

function flopsDetail(forward: number | null, backward: number | null): string {
  const text = (flops: number | null) => (flops === null ? "unknown" : siText(flops, "FLOP"));
  return `${text(forward)} forward, ${text(backward)} backward`;
}

/** Returns the number of elements of a shape; sizes that vary count as one. */
function sizeOf(shape: string): number {
  return shape.split("×").reduce((size, part) => size * (Number(part) || 1), 1);
}
