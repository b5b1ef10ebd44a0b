import { expect, it } from "vitest";
import type { Theme } from "../../../src/parts/theme";
import type { SeriesTable } from "../../../src/session";
import { linesPlot } from "../../../src/views/gradients/lines";

const THEME: Theme = {
  dark: false,
  paper: "#fff",
  text: "#222",
  mutedText: "#666",
  gridLine: "#e4e4e4",
  error: "#c62828",
  series: ["#0072b2"],
};

function tableOf(values: readonly number[]): SeriesTable {
  const steps = Float64Array.from(values, (_, step) => step);
  return {
    id: "grad_norm",
    kind: "grad_norm",
    names: ["fc1.weight"],
    lastStep: values.length - 1,
    points: () => ({ steps, values: Float32Array.from(values) }),
    latest: () => Float32Array.of(values.at(-1) ?? 0),
  };
}

it("names frozen parameters as such", () => {
  const rows = [true, false].map((frozen, column) => ({
    name: `fc${column}.weight`,
    table: tableOf([1, 2]),
    column: 0,
    frozen,
  }));
  const options = {
    quantity: "Gradient norm",
    cursor: null,
    mark: null,
    selected: new Set<string>(),
    range: null,
  };
  const plot = linesPlot({ rows, ...options, logarithmic: true, reference: null, theme: THEME });
  expect(plot.traces.map(({ name }) => name)).toEqual(["fc0.weight (frozen)", "fc1.weight"]);
});

it("draws recorded values: the maximum of a spike, zeros as zeros", () => {
  const values = Array.from({ length: 5000 }, (_, step) =>
    step === 2500 ? 512 : step > 4000 ? 0 : 0.25,
  );
  const table = tableOf(values);
  const { traces } = linesPlot({
    rows: [{ name: "fc1.weight", table, column: 0, frozen: false }],
    quantity: "Gradient norm",
    cursor: null,
    mark: null,
    logarithmic: true,
    reference: null,
    selected: new Set<string>(),
    range: null,
    theme: THEME,
  });
  const { x, y } = traces[0] as unknown as { x: Float64Array; y: Float32Array };
  expect([...y]).toEqual([...x].map((step) => values[step]));
  expect(Math.max(...y)).toBe(512);
});
