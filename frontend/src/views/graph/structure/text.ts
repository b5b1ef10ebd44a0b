/** Formats shapes, counts and names of the graph. */

import type { GraphData, ModuleCall, Source } from "../../../messages/graph";

type VaryingSizes = Pick<GraphData, "sizes" | "more_sizes">;

/** A tensor whose sizes may vary. */
export interface Sized {
  readonly shape: readonly number[] | null;
  readonly dims: readonly string[] | null;
}

/** Returns "64×128", "scalar" for no dimensions, or "" for an unknown shape. */
export function shapeText(shape: readonly number[] | null): string {
  if (shape === null) return "";
  return shape.length === 0 ? "scalar" : shape.join("×");
}

/** Returns the shape with names for the sizes that vary, "N×128", or `shapeText`. */
export function sizesText({ shape, dims }: Sized): string {
  return dims ? dims.join("×") : shapeText(shape);
}

/** Returns what the names of varying sizes stand for: "N is 32 or 7". */
export function varyingText(graph: VaryingSizes, dims: readonly string[] | null = null): string {
  const used = new Set(dims?.flatMap((text) => text.match(/[A-Z]\d*/g) ?? []));
  const names = Object.keys(graph.sizes).filter((name) => dims === null || used.has(name));
  return names.map((name) => `${name} is ${valuesText(graph, name)}`).join(", ");
}

function valuesText({ sizes, more_sizes }: VaryingSizes, name: string): string {
  const values = (sizes[name] ?? []).map(countText);
  const last = more_sizes ? "another number" : values.pop();
  return `${values.join(", ")} or ${last}`;
}

/** Returns "1,234,567", for example. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** Returns at most three digits: "950", "1.2k", "25.6M". */
export function shortCount(count: number): string {
  return scaled(count, 1000, ["", "k", "M", "G", "T"]);
}

/** Returns a number of bytes in binary units: "512 B", "1.5 KiB", "3.2 MiB". */
export function bytesText(bytes: number): string {
  return scaled(bytes, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
}

/** Returns "10⁻³", for example. */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}

/** Returns a number with an SI prefix and a unit: "2 kB", "150 µs". */
export function siText(value: number, unit: string): string {
  if (value === 0 || !Number.isFinite(value)) return `${value} ${unit}`;
  const power = Math.min(4, Math.max(-4, Math.floor(Math.log10(Math.abs(value) * 1.0001) / 3)));
  const least = unit === "B" ? Math.max(0, power) : power;
  const prefix = ["p", "n", "µ", "m", "", "k", "M", "G", "T"][least + 4] ?? "";
  return `${Number((value / 1000 ** least).toPrecision(3))} ${prefix}${unit}`;
}

/** Returns "0.00123", "1.2e-7", "not a number" or "infinite", for example. */
export function normText(norm: number): string {
  if (Number.isNaN(norm)) return "not a number";
  if (!Number.isFinite(norm)) return "infinite";
  if (norm === 0) return "0";
  return norm >= 1e-3 && norm < 1e4 ? norm.toPrecision(3) : norm.toExponential(1);
}

/** Returns the last part of a path, with the preceding part if it is a number. */
export function lastName(path: string): string {
  const parts = path.split(".");
  let first = parts.length - 1;
  while (first > 0 && /^\d+$/.test(parts[first] ?? "")) first -= 1;
  return parts.slice(first).join(".");
}

/** Whether the name of a module is a number, as in a Sequential or a ModuleList. */
export function isNumbered(module: ModuleCall): boolean {
  return /(^|\.)\d+$/.test(module.path);
}

/**
 * Returns the name of a module's box: the last part of its path, or the class of the model. Beside
 * a number is the class: "0 · Linear".
 */
export function moduleName(module: ModuleCall): string {
  const last = module.path === "" ? module.type : lastName(module.path);
  const name = isNumbered(module) ? `${last} · ${module.type}` : last;
  return module.call > 1 ? `${name} (call ${module.call})` : name;
}

/** Returns the last two parts of the path and the line: "gpt2/modeling_gpt2.py:606". */
export function sourceText(source: Source | null): string {
  if (!source) return "";
  return `${source.file.split(/[\\/]/).slice(-2).join("/")}:${source.line}`;
}

export function plural(count: number, word: string): string {
  return `${countText(count)} ${word}${count === 1 ? "" : "s"}`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  while (rest >= base * 0.9995 && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${rest.toFixed(digits).replace(/\.0$/, "")}${units[unit] ?? ""}`;
}
