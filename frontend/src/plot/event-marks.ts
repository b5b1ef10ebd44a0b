/** The changes that a person made, as thin lines with a handle whose tooltip has their texts. */

import type { RunEvent } from "../messages/tuning";
import type { Theme } from "../parts/theme";
import { escapeMarkup, type Layout } from "./plotly";
import type { StepRange } from "./plotly-figure";

/** Distance in pixels below which marks are merged. */
const MIN_DISTANCE_PX = 20;
const MAX_LINES = 6;

export interface EventMark {
  /** The step after which the first of its changes was made. */
  readonly step: number;
  readonly events: readonly RunEvent[];
}

/** Merges changes that are less than `distance` steps after the first one of a mark. */
export function mergeEvents(events: readonly RunEvent[], distance: number): EventMark[] {
  const marks: { step: number; events: RunEvent[] }[] = [];
  for (const event of [...events].sort((a, b) => a.step - b.step)) {
    const last = marks.at(-1);
    if (last && event.step - last.step < distance) last.events.push(event);
    else marks.push({ step: event.step, events: [event] });
  }
  return marks;
}

/** Returns the shapes and the handles of the changes in a range of steps. */
export function eventMarks(
  events: readonly RunEvent[],
  [from, to]: StepRange,
  width: number,
  theme: Theme,
): { readonly shapes: readonly Layout[]; readonly handles: readonly Layout[] } {
  const visible = events.filter(({ step }) => step >= from && step <= to);
  const distance = ((to - from) * MIN_DISTANCE_PX) / Math.max(width, MIN_DISTANCE_PX);
  const marks = mergeEvents(visible, Math.max(distance, 1));
  return {
    shapes: marks.map((mark) => lineOf(mark, theme)),
    handles: marks.map((mark) => handleOf(mark, theme)),
  };
}

function lineOf(mark: EventMark, theme: Theme): Layout {
  const line = { color: theme.mutedText, width: 1, dash: isUndone(mark) ? "dot" : "solid" };
  const place = { x0: mark.step, x1: mark.step, y0: 0, y1: 1 };
  return { type: "line", xref: "x", yref: "paper", ...place, line, opacity: 0.55 };
}

function handleOf(mark: EventMark, theme: Theme): Layout {
  const { length } = mark.events;
  const sign = isUndone(mark) ? "△" : "▲";
  return {
    text: length > 1 ? `${sign}${length}` : sign,
    hovertext: tooltipOf(mark),
    hoverlabel: { bgcolor: theme.paper, bordercolor: theme.mutedText, font: { size: 12 } },
    x: mark.step,
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

function isUndone({ events }: EventMark): boolean {
  return events.every(({ taken_back }) => taken_back !== null);
}

function tooltipOf({ events }: EventMark): string {
  const lines = events.slice(0, MAX_LINES).map(({ step, text, taken_back }) => {
    const undone = taken_back === null ? "" : `, taken back at step ${taken_back}`;
    return escapeMarkup(`after step ${step}: ${text}${undone}`);
  });
  if (events.length > MAX_LINES) lines.push(`and ${events.length - MAX_LINES} more`);
  return lines.join("<br>");
}
