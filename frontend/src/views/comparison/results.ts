/** What a run has come to, as rows of text; `labkit/run/configuration.py` has the same rows. */

import { formatCount, formatDuration, formatValue } from "../../parts/format";
import { RunningExtremes } from "../../plot/extremes";
import type { RunSession, SeriesTable } from "../../session";
import { STATUS_TEXTS } from "../controls/facts";

const LOSS = "loss";

export function resultsOf({ state, tables }: RunSession): Record<string, string> {
  const rows: Record<string, string> = {};
  if (!state) return rows;
  rows.status = STATUS_TEXTS[state.status][0];
  rows.steps = formatCount(state.step);
  rows["time since its start"] = formatDuration(state.elapsed);
  const rate = state.steps_per_second;
  if (rate) rows["time per step"] = `${formatValue(1000 / rate)} ms`;
  for (const kind of ["loss", "metric"] as const) {
    for (const table of tables) if (table.kind === kind) Object.assign(rows, rowsOf(table));
  }
  return rows;
}

function rowsOf(table: SeriesTable): Record<string, string> {
  const rows: Record<string, string> = {};
  table.names.forEach((name, column) => {
    const last = table.latest()?.[column];
    if (last !== undefined) rows[`${name}, last`] = formatValue(last);
    const extremes = new RunningExtremes().update(table.points(column));
    if (!extremes) return;
    const { low, high } = extremes;
    rows[`${name}, lowest`] = `${formatValue(low.value)} at step ${formatCount(low.step)}`;
    if (name.includes(LOSS)) return;
    rows[`${name}, highest`] = `${formatValue(high.value)} at step ${formatCount(high.step)}`;
  });
  return rows;
}
