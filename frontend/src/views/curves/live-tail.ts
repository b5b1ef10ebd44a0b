/**
 * Draws the newest points of the curves on a canvas beside those of the figure, because drawing the
 * figure anew costs more than all the rest of a frame.
 */

import type { RunState } from "../../messages/run";
import { make } from "../../parts/element";
import { firstAtLeast } from "../../plot/decimate";
import type { Panel } from "../../plot/plotly-figure";
import { decaySteps, smooth } from "../../plot/smooth";
import type { StepAxis } from "../../plot/step-axis";
import { type DrawnLine, type DrawnQuantity, type Line, lineId } from "./quantities";
import { AREA_OPACITY } from "./traces";

/** Time for which the figure has room beyond the newest step, in s. */
const ROOM_SECONDS = 2.5;
const MIN_ROOM = 0.04;
const MAX_ROOM = 0.2;

/** Returns the room beyond the newest step, as a fraction of the steps recorded. */
export function roomFor({ step, steps_per_second }: RunState): number {
  const share = (ROOM_SECONDS * (steps_per_second ?? 0)) / Math.max(1, step);
  return Math.min(MAX_ROOM, Math.max(MIN_ROOM, share));
}

export interface TailInput {
  readonly quantities: readonly DrawnQuantity[];
  readonly axis: StepAxis;
  /** Position of the smoothing slider, 0 to 1. */
  readonly smoothing: number;
  /** The panels of the figure, one per quantity. */
  readonly panels: readonly Panel[];
}

interface Segment {
  readonly panel: Panel;
  readonly colour: string;
  /** The places of the points on the axis. */
  readonly places: Float64Array;
  readonly recorded: Float32Array;
  readonly smoothed: Float32Array;
  /** The lower edge of an area; null for a line. */
  readonly below: Float32Array | null;
}

export class LiveTail {
  readonly element = make("canvas", { class: "labkit-curves-tail", "aria-hidden": "true" });
  /** The newest step of each line in the figure; null if the figure shows something else. */
  private drawn: readonly number[] | null = null;
  private shown = "";

  /** Removes the tail, as the figure is about to show all points of these lines. */
  begin(quantities: readonly DrawnQuantity[], axis: StepAxis): void {
    const lines = quantities.flatMap((quantity) => quantity.lines);
    this.shown = keyOf(lines, axis);
    this.drawn = lines.map(lastStepOf);
    this.element.hidden = true;
  }

  /** Draws what the figure lacks; returns false if it has no room for that, and draws nothing. */
  draw(input: TailInput): boolean {
    const segments = this.segmentsOf(input);
    if (segments === null) return false;
    const context = this.prepare(segments);
    if (!context) return segments.length === 0;
    // Lines are above areas, as in the figure.
    const areas = segments.filter(({ below }) => below !== null);
    const lines = segments.filter(({ below }) => below === null);
    for (const segment of [...areas, ...lines]) drawSegment(context, segment);
    return true;
  }

  private segmentsOf(input: TailInput): Segment[] | null {
    const { quantities, axis, panels } = input;
    const { drawn } = this;
    const all = quantities.flatMap(({ lines }) => lines);
    if (!drawn || keyOf(all, axis) !== this.shown) return null;
    const segments: Segment[] = [];
    let index = -1;
    for (const [number, { lines }] of quantities.entries()) {
      const panel = panels[number];
      if (!panel) return null;
      for (const line of lines) {
        index += 1;
        if (line.isHidden || line.table.lastStep <= (drawn[index] as number)) continue;
        const lower = line.part && line.column > 0 ? segments.at(-1) : undefined;
        const segment = segmentOf(line, drawn[index] as number, panel, input, lower);
        if (segment === null || !fits(segment)) return null;
        segments.push(segment);
      }
    }
    return segments;
  }

  /** Places the canvas over the tail and clears it. */
  private prepare(segments: readonly Segment[]): CanvasRenderingContext2D | null {
    this.element.hidden = segments.length === 0;
    if (segments.length === 0) return null;
    const left =
      Math.floor(Math.min(...segments.map(({ panel, places }) => panel.x(places[0] as number)))) -
      2;
    const right = Math.ceil(Math.max(...segments.map(({ panel }) => panel.left + panel.width)));
    const top = Math.floor(Math.min(...segments.map(({ panel }) => panel.top)));
    const bottom = Math.ceil(Math.max(...segments.map(({ panel }) => panel.top + panel.height)));
    const ratio = globalThis.devicePixelRatio || 1;
    const { element } = this;
    const box = { left, top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(box)) {
      element.style.setProperty(name, `${value}px`);
    }
    element.width = Math.round(box.width * ratio);
    element.height = Math.round(box.height * ratio);
    const context = element.getContext("2d");
    context?.setTransform(ratio, 0, 0, ratio, -left * ratio, -top * ratio);
    return context;
  }
}

function keyOf(lines: readonly Line[], { key }: StepAxis): string {
  return [key, ...lines.map(lineId)].join("\n");
}

function lastStepOf({ table }: Line): number {
  return table.lastStep;
}

/** Returns the points of a line from the last one in the figure; null if one is not finite. */
function segmentOf(
  { table, column, colour, part }: DrawnLine,
  drawn: number,
  panel: Panel,
  { axis, smoothing }: TailInput,
  lower: Segment | undefined,
): Segment | null {
  const points = table.points(column);
  const first = firstAtLeast(points.steps, drawn);
  const places = points.steps.subarray(first).map(axis.at);
  const recorded = points.values.subarray(first);
  if (places.length < 2 || !recorded.every(Number.isFinite)) return null;
  const decay = decaySteps(smoothing, points.steps);
  const smoothed = decay > 0 ? smooth(points, decay).subarray(first) : recorded;
  const below = part ? (lower?.smoothed ?? new Float32Array(places.length)) : null;
  return { panel, colour, places, recorded, smoothed, below };
}

/** Whether the panel has room for all points of a segment. */
function fits({ panel, places, smoothed, recorded }: Segment): boolean {
  const within = (value: number) => {
    const y = panel.y(value);
    return y >= panel.top - 1 && y <= panel.top + panel.height + 1;
  };
  const isInRange = panel.x(places.at(-1) as number) <= panel.left + panel.width;
  return isInRange && smoothed.every(within) && recorded.every(within);
}

function drawSegment(context: CanvasRenderingContext2D, segment: Segment): void {
  const { panel, colour, recorded, smoothed, below } = segment;
  context.save();
  context.beginPath();
  context.rect(panel.left, panel.top - 1, panel.width, panel.height + 2);
  context.clip();
  context.strokeStyle = colour;
  context.lineJoin = "round";
  if (below) fill(context, segment, below);
  else if (smoothed !== recorded) {
    context.globalAlpha = 0.28;
    context.lineWidth = 1;
    stroke(context, segment, recorded);
  }
  context.globalAlpha = 1;
  context.lineWidth = below ? 1 : 1.8;
  stroke(context, segment, smoothed);
  context.restore();
}

/** Fills the area between a line and the one below. */
function fill(
  context: CanvasRenderingContext2D,
  { panel, places, smoothed, colour }: Segment,
  below: Float32Array,
): void {
  context.fillStyle = `${colour}${AREA_OPACITY}`;
  context.beginPath();
  places.forEach((place, index) => {
    context.lineTo(panel.x(place), panel.y(smoothed[index] as number));
  });
  for (let index = places.length - 1; index >= 0; index--) {
    context.lineTo(panel.x(places[index] as number), panel.y(below[index] as number));
  }
  context.fill();
}

function stroke(
  context: CanvasRenderingContext2D,
  { panel, places }: Segment,
  values: Float32Array,
): void {
  context.beginPath();
  places.forEach((place, index) => {
    context.lineTo(panel.x(place), panel.y(values[index] as number));
  });
  context.stroke();
}
