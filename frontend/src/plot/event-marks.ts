/** The changes that a person made, as thin lines with a handle whose tooltip has their texts. */

import type { RunEvent } from "../messages/tuning";
import type { Theme } from "../parts/theme";
import { escapeMarkup, type Layout } from "./plotly";
import type { StepRange } from "./plotly-figure";

/** Distance in pixels below which marks are merged. */
const MIN_DISTANCE_PX = 28;
/** Number of marks above which their lines are short. */
const FEW_MARKS = 8;
const SHORT = 0.06;
const MAX_LINES = 6;

/** A change, or that it was taken back. */
interface Moment {
  readonly step: number;
  readonly text: string;
  /** Whether a change was made that is in force. */
  readonly isInForce: boolean;
  readonly isChange: boolean;
}

export interface EventMark {
  /** Where the first of its changes was made or taken back. */
  readonly place: number;
  readonly moments: readonly Moment[];
}

/** Merges changes that are less than `distance` after the first one of a mark. */
export function mergeEvents(
  events: readonly RunEvent[],
  distance: number,
  placeOf = (step: number) => step,
): EventMark[] {
  const marks: { place: number; moments: Moment[] }[] = [];
  const moments = events.flatMap(momentsOf).sort((a, b) => a.step - b.step);
  for (const moment of moments) {
    const place = placeOf(moment.step);
    const last = marks.at(-1);
    if (last && place - last.place < distance) last.moments.push(moment);
    else marks.push({ place, moments: [moment] });
  }
  return marks;
}

function momentsOf({ step, text, taken_back }: RunEvent): Moment[] {
  const isInForce = taken_back === null;
  const change = { step, text: `after step ${step}: ${text}`, isInForce, isChange: true };
  if (isInForce) return [change];
  const undone = `after step ${taken_back}, taken back: ${text}`;
  return [change, { step: taken_back, text: undone, isInForce: false, isChange: false }];
}

/** Returns the shapes and the handles of the changes in a range of the axis. */
export function eventMarks(
  events: readonly RunEvent[],
  [from, to]: StepRange,
  width: number,
  theme: Theme,
  placeOf = (step: number) => step,
): { readonly shapes: readonly Layout[]; readonly handles: readonly Layout[] } {
  const distance = ((to - from) * MIN_DISTANCE_PX) / Math.max(width, MIN_DISTANCE_PX);
  const all = mergeEvents(events, distance, placeOf);
  const marks = all.filter(({ place }) => place >= from && place <= to);
  const height = marks.length > FEW_MARKS ? SHORT : 1;
  return {
    shapes: marks.map((mark) => lineOf(mark, height, theme)),
    handles: marks.map((mark) => handleOf(mark, theme)),
  };
}

function lineOf({ place, moments }: EventMark, height: number, theme: Theme): Layout {
  const dash = moments.some(({ isInForce }) => isInForce) ? "solid" : "dot";
  const line = { color: theme.mutedText, width: 1, dash };
  const ends = { x0: place, x1: place, y0: 0, y1: height };
  return { type: "line", xref: "x", yref: "paper", ...ends, line, opacity: 0.55 };
}

function handleOf({ place, moments }: EventMark, theme: Theme): Layout {
  const { length } = moments;
  const sign = moments.some(({ isChange }) => isChange) ? "▲" : "△";
  return {
    text: length > 1 ? `${sign}${length}` : sign,
    hovertext: tooltipOf(moments),
    hoverlabel: { bgcolor: theme.paper, bordercolor: theme.mutedText, font: { size: 12 } },
    x: place,
    xref: "x",
    xanchor: "center",
    y: 0,
    yref: "paper",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 11, color: theme.text },
    bgcolor: theme.paper,
    borderpad: 1,
    opacity: 0.9,
  };
}

function tooltipOf(moments: readonly Moment[]): string {
  const lines = moments.slice(0, MAX_LINES).map(({ text }) => escapeMarkup(text));
  if (moments.length > MAX_LINES) lines.push(`and ${moments.length - MAX_LINES} more`);
  return lines.join("<br>");
}
