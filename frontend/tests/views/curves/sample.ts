/** Tables and a session with synthetic values. */

import { vi } from "vitest";
import type { TableKind } from "../../../src/messages/tables";
import type { Theme } from "../../../src/parts/theme";
import type { RunSession, SeriesTable } from "../../../src/session";
import { StubSession } from "../../fake-session";

export const THEME: Theme = {
  dark: false,
  paper: "#fff",
  text: "#222",
  mutedText: "#666",
  gridLine: "#e4e4e4",
  error: "#c62828",
  series: ["#0072b2", "#d55e00"],
};

export function tableOf(kind: TableKind, name: string, values: readonly number[]): SeriesTable {
  return {
    id: kind === "metric" ? `metric/${name}` : kind,
    kind,
    names: [name],
    lastStep: values.length - 1,
    points: () => ({
      steps: Float64Array.from(values, (_, step) => step),
      values: Float32Array.from(values),
    }),
    latest: () => (values.length > 0 ? Float32Array.of(values.at(-1) as number) : null),
  };
}

/** A session that stores its cursor; its plotly is the module at `address`. */
export function sessionOf(tables: readonly SeriesTable[], address = ""): RunSession {
  const session = new StubSession();
  session.tables = tables;
  session.setCursor = vi.fn((step: number | null) => {
    session.cursor = step;
  });
  session.asset = async () => address;
  return session;
}
