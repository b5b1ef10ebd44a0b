/**
 * The gradient norm at each time step on a logarithmic axis: a line per layer of the selected module,
 * and, on the same axis, thin lines of the other modules.
 */

import type { ValueRange } from "../../parts/common-range";
import { makeSvg } from "../../parts/element";
import type { Theme } from "../../parts/theme";
import { visibleText } from "../../parts/visible-text";
import type { Picture } from "../../session";

const WIDTH = 380;
const HEIGHT = 170;
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 12, 20, 34] as const;
const MAX_NAME = 24;
const MAX_DECADES = 16;

/** Returns the powers of ten between which the positive values of pictures are. */
export function decadesOf(pictures: readonly Picture[]): ValueRange {
  const positive = pictures
    .flatMap(({ values }) => [...values])
    .filter((value) => Number.isFinite(value) && value > 0);
  const high = Math.ceil(Math.log10(Math.max(...positive, 1e-30)));
  return [Math.floor(Math.log10(Math.min(...positive, 10 ** high))), high];
}

/** `others` are pictures of other modules; `decades` are the ends of the axis, as powers of ten. */
export function timeGradient(
  picture: Picture,
  others: readonly Picture[],
  theme: Theme,
  decades: ValueRange = decadesOf([picture, ...others]),
): SVGSVGElement {
  const times = Math.max(...[picture, ...others].map(({ shape }) => shape[2]));
  const [lowest, high] = decades;
  const low = Math.min(high - 1, Math.max(lowest, high - MAX_DECADES));
  const across = (time: number) => LEFT + (time / Math.max(1, times - 1)) * (WIDTH - LEFT - RIGHT);
  const down = (value: number) => {
    const power = value > 0 ? Math.max(low, Math.log10(value)) : low;
    return TOP + ((high - power) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  };
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "labkit-time-gradient",
    "aria-hidden": "true",
  }) as SVGSVGElement;
  const every = Math.max(1, Math.ceil((high - low) / 5));
  for (let power = low; power <= high; power += every) {
    const y = String(down(10 ** power));
    const ends = { x1: String(LEFT), x2: String(WIDTH - RIGHT), y1: y, y2: y };
    svg.append(makeSvg("line", { ...ends, stroke: theme.gridLine }));
    const where = { x: String(LEFT - 6), y, "text-anchor": "end", "dominant-baseline": "middle" };
    svg.append(label(`1e${power}`, where, theme));
  }
  const bottom = String(HEIGHT - BOTTOM + 14);
  for (const time of new Set([0, Math.floor((times - 1) / 2), times - 1])) {
    svg.append(
      label(String(time), { x: String(across(time)), y: bottom, "text-anchor": "middle" }, theme),
    );
  }
  svg.append(
    label(
      "time step",
      { x: String((LEFT + WIDTH) / 2), y: String(HEIGHT - 4), "text-anchor": "middle" },
      theme,
    ),
  );
  for (const other of others) {
    for (const points of linesOf(other, across, down)) {
      const line = { points, fill: "none", stroke: theme.mutedText, "stroke-width": "0.75" };
      const drawn = makeSvg("polyline", line);
      drawn.append(makeSvg("title", {}));
      (drawn.firstChild as SVGElement).textContent = visibleText(other.module || "(model)");
      svg.append(drawn);
    }
  }
  linesOf(picture, across, down).forEach((points, layer) => {
    const colour = theme.series[layer % theme.series.length] as string;
    svg.append(makeSvg("polyline", { points, fill: "none", stroke: colour, "stroke-width": "2" }));
  });
  svg.append(...legend(picture, others, theme));
  return svg;
}

/** Returns the points of the line of each layer. */
function linesOf(
  { shape, values }: Picture,
  across: (time: number) => number,
  down: (value: number) => number,
): string[] {
  const [layers, , times] = shape;
  return Array.from({ length: layers }, (_, layer) =>
    Array.from(
      { length: times },
      (_, time) => `${across(time)},${down(values[layer * times + time] as number)}`,
    ).join(" "),
  );
}

/** Returns the names of the layers, and of the other modules if there are some. */
function legend(picture: Picture, others: readonly Picture[], theme: Theme): SVGElement[] {
  const [layers] = picture.shape;
  const names = Array.from({ length: layers }, (_, layer) => picture.panels[layer] ?? "");
  if (layers === 1 && others.length > 0) names[0] = picture.module || "(model)";
  const drawn: SVGElement[] = [];
  let x = LEFT + 8;
  const place = (text: string, colour: string) => {
    const shown = text.length > MAX_NAME ? `…${text.slice(1 - MAX_NAME)}` : text;
    const made = label(shown, { x: String(x), y: String(TOP - 2) }, theme);
    made.setAttribute("fill", colour);
    drawn.push(made);
    x += 14 + 7 * shown.length;
  };
  names.forEach((name, layer) => {
    const isNeeded = layers > 1 || others.length > 0;
    if (name && isNeeded) place(name, theme.series[layer % theme.series.length] as string);
  });
  if (others.length > 0) {
    const count = others.length === 1 ? "1 other module" : `${others.length} other modules`;
    place(`thin: ${count}`, theme.mutedText);
  }
  return drawn;
}

function label(text: string, where: Readonly<Record<string, string>>, theme: Theme): SVGElement {
  const made = makeSvg("text", { ...where, fill: theme.mutedText, "font-size": "12" });
  made.textContent = visibleText(text);
  return made;
}
