/** The map of the loss with the ways of the optimizers; a click or Enter places the start. */

import type { RaceAxis, RaceLane, RaceMap } from "../../messages/race";
import { makeSvg } from "../../parts/element";
import { hueOf, markerOf, randomName, text } from "./looks";

const [LEFT, TOP, SIDE] = [46, 22, 336] as const;
const [WIDTH, HEIGHT] = [390, 392] as const;
/** Length of the line that points downhill, in units of the picture. */
const DOWNHILL = 30;
/** A part of the highest loss that is not told apart from 0. */
const NEAR_ZERO = 1e-3;
/** An arrow key moves the cross by this part of the range. */
const KEY_SHARE = 1 / 40;
const HELP =
  "Click to place the start. With the keyboard: arrow keys move the cross, Enter starts there. " +
  "Dashed lines point straight downhill.";
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

interface BoardEvents {
  /** The place under the pointer, or of the cross; null when the pointer has left. */
  onHover?(place: readonly [number, number] | null): void;
}

interface Trail {
  readonly lane: RaceLane;
  readonly group: SVGGElement;
  readonly lines: readonly SVGPolylineElement[];
  readonly downhill: SVGLineElement;
  readonly marker: SVGPathElement;
}

export class RaceBoard {
  readonly element = makeSvg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "race-board",
    tabindex: 0,
  });
  private readonly id = `labkit-race-${randomName()}`;
  private readonly cross = makeSvg("path", { d: "M-8,0h16M0,-8v16", stroke: "#000" });
  private readonly listeners = new AbortController();
  private trails: Trail[] = [];
  private hidden: ReadonlySet<string> = new Set();
  private map: RaceMap | null = null;
  private step = 0;
  /** The place of the cross. */
  private at: readonly [number, number] = [0, 0];
  private readonly ring = makeSvg("circle", {
    r: 8,
    fill: "none",
    stroke: "#000",
    "stroke-width": 2,
  });

  constructor(
    private readonly onStart: (start: readonly number[]) => void,
    private readonly events: BoardEvents = {},
  ) {
    this.element.setAttribute("role", "application");
    const { signal } = this.listeners;
    this.element.addEventListener("click", (event) => this.click(event), { signal });
    this.element.addEventListener("keydown", (event) => this.press(event), { signal });
    const { onHover } = events;
    if (!onHover) return;
    const hover = (event: MouseEvent) => onHover(this.placeAt(event));
    this.element.addEventListener("pointermove", hover, { signal });
    this.element.addEventListener("pointerleave", () => onHover(null), { signal });
  }

  close(): void {
    this.listeners.abort();
  }

  draw(map: RaceMap, start: readonly number[], lanes: readonly RaceLane[]): void {
    this.map = map;
    this.at = [start[0] ?? 0, start[1] ?? 0];
    const frame = { x: LEFT, y: TOP, width: SIDE, height: SIDE };
    const clip = makeSvg("clipPath", { id: `${this.id}-clip` });
    clip.append(makeSvg("rect", frame));
    const title = makeSvg("title");
    title.textContent = HELP;
    const image = makeSvg("image", { ...frame, href: map.image, preserveAspectRatio: "none" });
    const border = makeSvg("rect", { ...frame, fill: "none", stroke: "#8a8a8a" });
    const inside = makeSvg("g", { "clip-path": `url(#${this.id}-clip)` });
    this.trails = lanes.map((lane, place) => this.trail(lane, place));
    // The first lane is drawn last, above the others.
    inside.append(...this.trails.map(({ group }) => group).reverse(), this.cross, this.ring);
    const dots = lanes.map((_, place) => this.dotMarker(place));
    this.element.replaceChildren(title, clip, ...dots, image, border, ...axes(map), inside);
    this.hide(this.hidden);
    this.moveCross();
    this.mark(null);
    this.show(0);
  }

  /** Puts a ring around a place. */
  mark(place: readonly [number, number] | null): void {
    this.ring.style.display = place ? "" : "none";
    if (!place) return;
    const [x, y] = this.point(place, 0);
    this.ring.setAttribute("transform", `translate(${x},${y})`);
  }

  hide(hidden: ReadonlySet<string>): void {
    this.hidden = hidden;
    for (const { lane, group } of this.trails) {
      group.style.display = hidden.has(lane.name) ? "none" : "";
    }
  }

  /** Shows every lane up to a step, or up to its own where `of` returns one. */
  show(step: number, of: (lane: number) => number | null = () => null): void {
    this.trails.forEach((trail, place) => {
      this.step = of(place) ?? step;
      this.showTrail(trail);
    });
    this.step = step;
    const losses = this.trails.map(({ lane }) => {
      const at = Math.min(step, lane.losses.length - 1);
      return `${lane.name} loss ${text(lane.losses[at] ?? Number.NaN)}`;
    });
    const label = `Map of the loss with the ways of the optimizers. ${losses.join(", ")}. ${HELP}`;
    this.element.setAttribute("aria-label", label);
  }

  private showTrail({ lane, lines, downhill, marker }: Trail): void {
    const at = Math.min(this.step, lane.losses.length - 1);
    const points: string[] = [];
    // Beyond the map, lines from side to side would only hide those of the others.
    const end = Math.min(at, this.lastOnMap(lane.places, at) + 1);
    for (let each = 0; each <= end; each++) points.push(this.point(lane.places, each).join(","));
    for (const line of lines) line.setAttribute("points", points.join(" "));
    const [x, y] = this.point(lane.places, at);
    marker.setAttribute("transform", `translate(${x},${y})`);
    const [right, up] = this.direction(lane.gradients, at);
    const ends = { x1: x, y1: y, x2: x + right * DOWNHILL, y2: y + up * DOWNHILL };
    for (const [name, value] of Object.entries(ends)) downhill.setAttribute(name, String(value));
  }

  /** Returns the last step, up to this one, whose place is on the map. */
  private lastOnMap(places: readonly number[], at: number): number {
    const { first, second } = this.map as RaceMap;
    for (let step = at; step > 0; step--) {
      const [x, y] = [places[2 * step] ?? 0, places[2 * step + 1] ?? 0];
      if (x >= first.low && x <= first.high && y >= second.low && y <= second.high) return step;
    }
    return 0;
  }

  private trail(lane: RaceLane, place: number): Trail {
    const hue = hueOf(place);
    const looks = { fill: "none", "stroke-linejoin": "round" };
    const dots = `url(#${this.id}-dot-${place})`;
    const lines = [
      makeSvg("polyline", { ...looks, stroke: "#000", "stroke-width": 3 }),
      makeSvg("polyline", { ...looks, stroke: hue, "stroke-width": 1.5, "marker-mid": dots }),
    ];
    const dash = { stroke: hue, "stroke-width": 2, "stroke-dasharray": "4 3" };
    const downhill = makeSvg("line", dash);
    const marker = markerOf(place);
    const group = makeSvg("g", { "data-lane": lane.name });
    group.append(...lines, downhill, marker);
    return { lane, group, lines, downhill, marker };
  }

  /** Returns the dot at every step of a trail. */
  private dotMarker(place: number): SVGMarkerElement {
    const size = { markerWidth: 6, markerHeight: 6, refX: 3, refY: 3 };
    const made = makeSvg("marker", {
      ...size,
      id: `${this.id}-dot-${place}`,
      markerUnits: "userSpaceOnUse",
    });
    made.append(
      makeSvg("circle", {
        cx: 3,
        cy: 3,
        r: 2.2,
        fill: hueOf(place),
        stroke: "#000",
        "stroke-width": 0.7,
      }),
    );
    return made;
  }

  /** Returns a place in the units of the picture. */
  private point(places: readonly number[], step: number): [number, number] {
    const [x, y] = [places[2 * step] ?? 0, places[2 * step + 1] ?? 0];
    const { first, second } = this.map as RaceMap;
    const across = (x - first.low) / (first.high - first.low);
    const up = (y - second.low) / (second.high - second.low);
    return [round(LEFT + across * SIDE), round(TOP + (1 - up) * SIDE)];
  }

  /** Returns the direction straight downhill in the picture, of length 1, or 0 without gradient. */
  private direction(gradients: readonly number[], step: number): [number, number] {
    const { first, second } = this.map as RaceMap;
    const right = -(gradients[2 * step] ?? 0) / (first.high - first.low);
    const up = (gradients[2 * step + 1] ?? 0) / (second.high - second.low);
    const length = Math.hypot(right, up) || 1;
    return [right / length, up / length];
  }

  private click(event: MouseEvent): void {
    const place = this.placeAt(event);
    if (place) this.onStart(place);
  }

  /** Returns the place under the pointer; null beside the map. */
  private placeAt(event: MouseEvent): [number, number] | null {
    if (!this.map) return null;
    const box = this.element.getBoundingClientRect();
    const across = ((event.clientX - box.left) / (box.width || 1)) * WIDTH;
    const down = ((event.clientY - box.top) / (box.height || 1)) * HEIGHT;
    const [right, up] = [(across - LEFT) / SIDE, 1 - (down - TOP) / SIDE];
    if (right < 0 || right > 1 || up < 0 || up > 1) return null;
    const { first, second } = this.map;
    const x = first.low + right * (first.high - first.low);
    const y = second.low + up * (second.high - second.low);
    return [tidy(x, first), tidy(y, second)];
  }

  private press(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (!this.map || (!move && event.key !== "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    const { first, second } = this.map;
    if (!move) {
      this.onStart([tidy(this.at[0], first), tidy(this.at[1], second)]);
      return;
    }
    this.at = [
      moved(this.at[0], move[0], first.low, first.high),
      moved(this.at[1], move[1], second.low, second.high),
    ];
    this.moveCross();
    this.events.onHover?.(this.at);
  }

  private moveCross(): void {
    const [x, y] = this.point(this.at, 0);
    this.cross.setAttribute("transform", `translate(${x},${y})`);
    this.cross.setAttribute("stroke-width", "2");
  }
}

function moved(value: number, by: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value + by * KEY_SHARE * (high - low)));
}

/** Returns a number without the digits that are finer than a thousandth of the range. */
function tidy(value: number, { low, high }: RaceAxis): number {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(high - low)));
  return Number(value.toFixed(Math.min(20, digits))) + 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function axes({ first, second, lowest, highest }: RaceMap): SVGTextElement[] {
  const bottom = TOP + SIDE;
  const made = [0, 0.5, 1].flatMap((share) => [
    label(
      LEFT + share * SIDE,
      bottom + 15,
      text(first.low + share * (first.high - first.low)),
      "middle",
    ),
    label(
      LEFT - 6,
      bottom - share * SIDE + 4,
      text(second.low + share * (second.high - second.low)),
      "end",
    ),
  ]);
  const dark = lowest >= 0 && lowest < NEAR_ZERO * highest ? "near 0" : text(lowest);
  const range = `loss: dark ${dark}, light ${text(highest)}`;
  return [
    ...made,
    label(LEFT + SIDE / 4, bottom + 31, first.name, "middle"),
    label(LEFT, TOP - 7, second.name, "start"),
    label(LEFT + SIDE, bottom + 31, range, "end"),
  ];
}

function label(x: number, y: number, content: string, anchor: string): SVGTextElement {
  const made = makeSvg("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}
