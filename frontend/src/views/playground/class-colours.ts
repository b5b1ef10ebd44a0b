/** Colours and shapes of classes, where the network has an output for each of them. */

import { colourAt, NOT_FINITE_COLOUR, pixelOf } from "../../heat-map/scale";

/** Colours that colour-blind people tell apart; the shapes of points differ, too. */
const COLOURS = [
  ...["#0072b2", "#e69f00", "#009e73", "#cc79a7"],
  ...["#56b4e9", "#d55e00", "#b8ab00", "#6b6b6b"],
] as const;
/** Number of values of a class in the picture of the output. */
const SHADES = 31;
const CELL_VALUES = 256;
const NOT_FINITE = 255;
/** How much of its colour a class that is certain has. */
const FULL = 0.72;
const UNSURE = { light: "#f6f6f6", dark: "#222222" } as const;
/** What the colours of points are mixed with, to stand out on the picture. */
const POINT = { light: "#000000", dark: "#ffffff" } as const;
const POINT_PART = 0.6;

const tables = new Map<string, Uint32Array>();

export function classColour(place: number): string {
  return COLOURS[place % COLOURS.length] as string;
}

/** Returns the colour of a class in the picture, from 0, all classes alike, to 1, certain. */
export function areaColour(place: number, certainty: number, dark: boolean): string {
  const unsure = dark ? UNSURE.dark : UNSURE.light;
  return colourAt(FULL * certainty, [unsure, classColour(place)]);
}

export function classPointColour(place: number, dark: boolean): string {
  return colourAt(POINT_PART, [dark ? POINT.dark : POINT.light, classColour(place)]);
}

/** Returns the colour of each value of a cell; of `isSharp`, the full colour of its class. */
export function classTable(dark: boolean, isSharp: boolean): Uint32Array {
  const key = `${dark} ${isSharp}`;
  const known = tables.get(key);
  if (known) return known;
  const table = new Uint32Array(CELL_VALUES);
  for (let cell = 0; cell < CELL_VALUES; cell++) {
    const certainty = isSharp ? 1 : (cell % SHADES) / (SHADES - 1);
    table[cell] = pixelOf(areaColour(Math.floor(cell / SHADES), certainty, dark));
  }
  table[NOT_FINITE] = pixelOf(NOT_FINITE_COLOUR);
  tables.set(key, table);
  return table;
}

/** Corners of each shape, around a circle: angles in turns from the top, and their distances. */
const SHAPES: readonly (readonly (readonly [number, number])[])[] = [
  [], // a circle
  polygon(3, 0, 1.4),
  polygon(4, 1 / 8, 1.3),
  polygon(4, 0, 1.4),
  polygon(3, 1 / 2, 1.4),
  star(4, 0),
  star(4, 1 / 8),
  star(5, 0),
];

function polygon(corners: number, turn: number, distance: number): [number, number][] {
  return Array.from({ length: corners }, (_, corner) => [turn + corner / corners, distance]);
}

function star(points: number, turn: number): [number, number][] {
  return Array.from({ length: 2 * points }, (_, corner) => [
    turn + corner / (2 * points),
    corner % 2 === 0 ? 1.6 : 0.65,
  ]);
}

/** Adds the shape of a class to the path of a canvas. */
export function traceShape(
  context: CanvasRenderingContext2D,
  place: number,
  [x, y]: readonly [number, number],
  radius: number,
): void {
  const corners = SHAPES[place % SHAPES.length] ?? [];
  if (corners.length === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([turn, distance], corner) => {
    const angle = 2 * Math.PI * turn;
    const [left, top] = [
      x + radius * distance * Math.sin(angle),
      y - radius * distance * Math.cos(angle),
    ];
    if (corner === 0) context.moveTo(left, top);
    else context.lineTo(left, top);
  });
  context.closePath();
}
