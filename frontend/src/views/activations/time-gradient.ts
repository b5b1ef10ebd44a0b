/** The gradient norm at each time step, with a line per layer on a logarithmic axis. */

import type { Theme } from "../../parts/theme";
import type { Picture } from "../../session";

const WIDTH = 640;
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 12, 12, 34] as const;
const MAX_DECADES = 16;
const NAMESPACE = "http://www.w3.org/2000/svg";

export function timeGradient(picture: Picture, theme: Theme): SVGSVGElement {
  const [layers, , times] = picture.shape;
  const positive = [...picture.values].filter((value) => Number.isFinite(value) && value > 0);
  const high = Math.ceil(Math.log10(Math.max(...positive, 1e-30)));
  const lowest = Math.floor(Math.log10(Math.min(...positive, 10 ** high)));
  const low = Math.min(high - 1, Math.max(lowest, high - MAX_DECADES));
  const across = (time: number) => LEFT + (time / Math.max(1, times - 1)) * (WIDTH - LEFT - RIGHT);
  const down = (value: number) => {
    const power = value > 0 ? Math.max(low, Math.log10(value)) : low;
    return TOP + ((high - power) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  };
  const svg = element("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "labkit-time-gradient",
    "aria-hidden": "true",
  }) as SVGSVGElement;
  const every = Math.max(1, Math.ceil((high - low) / 5));
  for (let power = low; power <= high; power += every) {
    const y = String(down(10 ** power));
    const ends = { x1: String(LEFT), x2: String(WIDTH - RIGHT), y1: y, y2: y };
    svg.append(element("line", { ...ends, stroke: theme.gridLine }));
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
  for (let layer = 0; layer < layers; layer++) {
    const points = Array.from(
      { length: times },
      (_, time) => `${across(time)},${down(picture.values[layer * times + time] as number)}`,
    );
    const colour = theme.series[layer % theme.series.length] as string;
    svg.append(
      element("polyline", {
        points: points.join(" "),
        fill: "none",
        stroke: colour,
        "stroke-width": "2",
      }),
    );
    const name = picture.panels[layer];
    if (name && layers > 1) {
      const layerName = label(
        name,
        { x: String(LEFT + 8 + 70 * layer), y: String(TOP + 4) },
        theme,
      );
      layerName.setAttribute("fill", colour);
      svg.append(layerName);
    }
  }
  return svg;
}

function label(text: string, where: Readonly<Record<string, string>>, theme: Theme): SVGElement {
  const made = element("text", { ...where, fill: theme.mutedText, "font-size": "11" });
  made.textContent = text;
  return made;
}

function element(tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(NAMESPACE, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
