/** The three drawings of a trace: the dataset, the batches, and the lanes of time. */

import type { TracedBatch } from "../../messages/batches";

export type Colouring = "batch" | "worker" | "class";

/** What a drawing shows. */
export interface Scene {
  readonly size: number;
  readonly labels: readonly number[];
  readonly epoch: readonly TracedBatch[];
  readonly workers: number;
  /** Room for the drawings, in px. */
  readonly room: number;
  /** In ms; batches that have not arrived by then are not drawn. */
  readonly now: number;
  readonly colouring: Colouring;
  /** The index that is followed. */
  readonly followed: number | null;
}

/** Told apart by most colour-blind readers; texts say the same. */
export const COLOURS = [
  "#0a84c6",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#d55e00",
  "#56b4e9",
  "#8a6fd1",
  "#a89b00",
  "#8a8a8a",
  "#c23b4e",
];
const SVG = "http://www.w3.org/2000/svg";
const CELL = 22;
const MAX_WIDTH = 660;
/** From this width on, the batches are beside the grid. */
const SIDE_BY_SIDE = 860;
const GAP = 32;
const LANE = 24;
const LEFT = 96;

/** Returns the number of columns of the grid: those of a wide rectangle. */
export function columnsOf(size: number): number {
  return size <= 120 ? 10 : Math.min(30, Math.ceil(Math.sqrt(size * 1.2)));
}

/** Returns the end of an epoch in ms. */
export function endOf(epoch: readonly TracedBatch[]): number {
  return Math.max(...epoch.map((batch) => Math.max(batch.done, batch.end)), 0.001);
}

/** Returns the place of the batch that contains an index, or -1. */
export function batchOf(epoch: readonly TracedBatch[], index: number): number {
  return epoch.findIndex((batch) => batch.indices.includes(index));
}

/** Draws all samples in the order of the dataset. */
export function drawGrid(scene: Scene): SVGSVGElement {
  const columns = columnsOf(scene.size);
  const rows = Math.ceil(scene.size / columns);
  const svg = canvas(columns * CELL + 2, rows * CELL + 2);
  const places = new Map<number, number>();
  scene.epoch.forEach((batch, place) => {
    if (batch.arrived <= scene.now) for (const index of batch.indices) places.set(index, place);
  });
  for (let index = 0; index < scene.size; index += 1) {
    const x = 1 + (index % columns) * CELL;
    const y = 1 + Math.floor(index / columns) * CELL;
    svg.append(...cell(scene, index, places.get(index) ?? -1, x, y));
  }
  raiseFollowed(svg);
  return svg;
}

/** Draws the batches that have arrived, one below the other. */
export function drawRows(scene: Scene): SVGSVGElement {
  const left = scene.workers > 0 ? 116 : 60;
  const beside = scene.room >= SIDE_BY_SIDE ? columnsOf(scene.size) * CELL + GAP : 0;
  const perLine = Math.max(4, Math.floor((scene.room - beside - left) / CELL));
  const longest = Math.max(...scene.epoch.map((batch) => batch.indices.length), 1);
  const heights = scene.epoch.map((batch) => Math.ceil(batch.indices.length / perLine) * CELL + 4);
  const height = heights.reduce((sum, each) => sum + each, 2);
  const svg = canvas(left + Math.min(longest, perLine) * CELL + 2, height);
  let top = 1;
  for (const [place, batch] of scene.epoch.entries()) {
    const y = top;
    top += heights[place] ?? 0;
    if (batch.arrived > scene.now) continue;
    const by = batch.worker === null ? "" : `, worker ${batch.worker}`;
    svg.append(label(0, y + 15, `batch ${place}${by}`, "lane"));
    for (const [at, index] of batch.indices.entries()) {
      const down = Math.floor(at / perLine) * CELL;
      svg.append(...cell(scene, index, place, left + (at % perLine) * CELL, y + down));
    }
  }
  raiseFollowed(svg);
  return svg;
}

/** Draws what each process did, over the time of the epoch. */
export function drawLanes(scene: Scene): SVGSVGElement {
  const names = scene.workers
    ? Array.from({ length: scene.workers }, (_, worker) => `worker ${worker}`)
    : ["fetching"];
  const end = endOf(scene.epoch);
  const loop = names.length;
  const width = Math.min(MAX_WIDTH, scene.room);
  const svg = canvas(width, (loop + 1) * LANE + 20);
  const across = (time: number) => LEFT + (time / end) * (width - LEFT - 4);
  const bar = (lane: number, from: number, to: number, place: number, waits = false) => {
    const until = Math.min(to, scene.now);
    if (until < from) return;
    const rect = box(
      across(from),
      lane * LANE + 3,
      Math.max(1.5, across(until) - across(from)),
      LANE - 7,
    );
    const batch = scene.epoch[place];
    if (waits) rect.setAttribute("class", "waiting");
    else rect.setAttribute("fill", colour(place));
    const follows = scene.followed !== null && batch?.indices.includes(scene.followed);
    if (!waits && follows) rect.setAttribute("class", "followed");
    const what = waits
      ? "the loop waits for batch"
      : lane === loop
        ? "the loop uses batch"
        : "batch";
    title(rect, `${what} ${place}: ${(to - from).toFixed(1)} ms`);
    svg.append(rect);
    if (across(until) - across(from) > 14 && !waits) {
      svg.append(
        label((across(from) + across(until)) / 2, lane * LANE + 16, String(place), "", "middle"),
      );
    }
  };
  for (const [lane, name] of [...names, "loop"].entries()) {
    svg.append(label(0, lane * LANE + 16, name, "lane"));
  }
  scene.epoch.forEach((batch, place) => {
    bar(batch.worker ?? 0, batch.begin, batch.end, place);
    bar(loop, batch.asked, batch.arrived, place, true);
    bar(loop, batch.arrived, batch.done, place);
  });
  const bottom = (loop + 1) * LANE + 12;
  svg.append(label(LEFT, bottom, "0 ms", "faint"));
  svg.append(label(width - 4, bottom, `${end.toFixed(end < 10 ? 1 : 0)} ms`, "faint", "end"));
  if (scene.now < end) {
    const cursor = document.createElementNS(SVG, "line");
    const x = String(across(scene.now));
    for (const [name, value] of [
      ["x1", x],
      ["x2", x],
      ["y1", "0"],
      ["y2", String((loop + 1) * LANE)],
    ] as const) {
      cursor.setAttribute(name, value);
    }
    cursor.setAttribute("class", "cursor");
    svg.append(cursor);
  }
  return svg;
}

/** Returns the square of a sample, and its index. */
function cell(scene: Scene, index: number, place: number, x: number, y: number): SVGElement[] {
  const rect = box(x, y, CELL - 2, CELL - 2);
  rect.setAttribute("data-index", String(index));
  const batch = scene.epoch[place];
  const classes = ["cell"];
  if (index === scene.followed) classes.push("followed");
  if (batch) {
    rect.setAttribute("fill", colour(key(scene, index, place)));
    rect.setAttribute("fill-opacity", "0.5");
  } else classes.push("none");
  rect.setAttribute("class", classes.join(" "));
  const of = scene.labels.length ? `, class ${scene.labels[index]}` : "";
  title(rect, `index ${index}${of}${batch ? `, batch ${place}` : ""}`);
  return [rect, label(x + CELL / 2 - 1, y + 14, String(index), "", "middle")];
}

function key(scene: Scene, index: number, place: number): number {
  if (scene.colouring === "class") return scene.labels[index] ?? 0;
  if (scene.colouring === "worker") return scene.epoch[place]?.worker ?? 0;
  return place;
}

function colour(key: number): string {
  return COLOURS[key % COLOURS.length] ?? "";
}

/** Puts the followed square above its neighbours. */
function raiseFollowed(svg: SVGSVGElement): void {
  for (const rect of svg.querySelectorAll(".followed")) {
    const text = rect.nextElementSibling;
    svg.append(rect, ...(text ? [text] : []));
  }
}

function canvas(width: number, height: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  return svg;
}

function box(x: number, y: number, width: number, height: number): SVGRectElement {
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, rx: 2 })) {
    rect.setAttribute(name, String(value));
  }
  return rect;
}

function label(x: number, y: number, words: string, kind = "", anchor = "start"): SVGTextElement {
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", String(x));
  text.setAttribute("y", String(y));
  text.setAttribute("text-anchor", anchor);
  if (kind) text.setAttribute("class", kind);
  text.textContent = words;
  return text;
}

function title(element: SVGElement, words: string): void {
  const child = document.createElementNS(SVG, "title");
  child.textContent = words;
  element.append(child);
}
