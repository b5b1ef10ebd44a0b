/** Numbers as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < UNITS.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${left < 10 && unit > 0 ? left.toFixed(1) : Math.round(left)} ${UNITS[unit]}`;
}

/** Seconds as "8 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A rate with about three digits: "1,840", "12.3", "0.42". */
export function rate(value: number): string {
  if (value >= 100) {
    return count(Math.round(value));
  }
  return value.toFixed(value >= 10 ? 1 : 2);
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
