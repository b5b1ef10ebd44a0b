/** The two colour scales of the course's pictures: grey, and blue to orange around zero. */

const GREY = [
  [0, 0, 0],
  [255, 255, 255],
] as const;
const DIVERGING = [
  [5, 78, 140],
  [100, 170, 215],
  [247, 247, 247],
  [240, 160, 90],
  [178, 70, 5],
] as const;

export interface Shade {
  readonly fill: string;
  /** A colour that is read on the fill. */
  readonly ink: string;
}

/** Returns the colour of a value: around zero where there are negative values, else grey. */
export function shadeFor(values: readonly number[]): (value: number) => Shade {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const isSigned = low < 0;
  if (isSigned) {
    high = Math.max(-low, high);
    low = -high;
  }
  const range = Math.max(high - low, 1e-12);
  return (value) => shade((value - low) / range, isSigned ? DIVERGING : GREY);
}

function shade(share: number, stops: readonly (readonly [number, number, number])[]): Shade {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const from = Math.min(Math.floor(place), stops.length - 2);
  const [start, end] = [stops[from] ?? [0, 0, 0], stops[from + 1] ?? [0, 0, 0]];
  const mixed = ([0, 1, 2] as const).map((channel) =>
    Math.round(start[channel] + (place - from) * (end[channel] - start[channel])),
  );
  const [red = 0, green = 0, blue = 0] = mixed;
  const light = 0.3 * red + 0.59 * green + 0.11 * blue;
  return { fill: `rgb(${mixed.join(",")})`, ink: light > 130 ? "#000" : "#fff" };
}
