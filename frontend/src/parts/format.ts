/** Formats numbers and names for display. */

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function formatCount(value: number): string {
  return COUNTS.format(Math.round(value));
}

/** Returns four significant digits, with a power of ten for very small and very large numbers. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(2) : plain(value);
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−");
}

function plain(value: number): string {
  const text = value.toPrecision(4);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function formatRate(stepsPerSecond: number): string {
  if (stepsPerSecond >= 100) return formatCount(stepsPerSecond);
  return stepsPerSecond >= 1 ? stepsPerSecond.toFixed(1) : stepsPerSecond.toPrecision(2);
}

export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (hours > 0) return `${hours} h ${twoDigits(minutes)} min`;
  return minutes > 0 ? `${minutes} min ${twoDigits(rest)} s` : `${rest} s`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Returns a number of bytes in decimal units: kB, MB, GB. */
export function formatBytes(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 10 ? 1 : 0;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

export function formatShare(part: number): string {
  return `${(100 * part).toFixed(1).replace(/\.0$/, "")} %`;
}

/** Replaces the middle of a name that is too long by an ellipsis. */
export function shorten(name: string, max: number): string {
  if (name.length <= max) return name;
  const end = Math.ceil((max - 1) * 0.6);
  return `${name.slice(0, Math.max(0, max - 1 - end))}…${name.slice(name.length - end)}`;
}

/**
 * Shortens the path of a parameter to `max` characters. The layer's number and the end remain:
 * "transformer.h.0.attn.c_attn.weight" becomes "…0.attn.c_attn.weight", then "…0…c_attn.weight".
 */
export function shortenPath(path: string, max: number): string {
  if (path.length <= max) return path;
  const parts = path.split(".");
  const number = parts.findIndex((part) => /^\d+$/.test(part));
  for (let from = number + 1; number >= 0 && from < parts.length; from++) {
    const link = from === number + 1 ? "." : "…";
    const short = `${number > 0 ? "…" : ""}${parts[number]}${link}${parts.slice(from).join(".")}`;
    if (short.length <= max) return short;
  }
  return shorten(path, max);
}
