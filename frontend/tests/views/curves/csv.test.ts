import { expect, it } from "vitest";
import { fileName } from "../../../src/parts/save-file";
import { BY_STEP, timeAxis } from "../../../src/plot/step-axis";
import { csvOf } from "../../../src/views/curves/csv";
import { quantitiesOf } from "../../../src/views/curves/quantities";
import { tableOf } from "./sample";

const linesOf = (...tables: Parameters<typeof quantitiesOf>[0]) =>
  quantitiesOf(tables).flatMap(({ lines }) => lines);

it("has a row per step, and an empty cell where a curve has no point", () => {
  const lines = linesOf(tableOf("loss", "loss", [2.5, 0.1]), tableOf("metric", "accuracy", [1]));
  expect(csvOf(lines, [BY_STEP])).toBe("step,loss,accuracy\r\n0,2.5,1\r\n1,0.1,\r\n");
});

it("has the values exactly, also those that are not finite", () => {
  const values = [1 / 3, 1e-20, 16_777_217, Number.NaN, Number.POSITIVE_INFINITY].map(Math.fround);
  const [, ...rows] = csvOf(linesOf(tableOf("loss", "loss", values)), [BY_STEP])
    .trim()
    .split("\r\n");
  const read = rows.map((row) => row.split(",")[1] ?? "");
  expect(read.slice(3)).toEqual(["NaN", "inf"]);
  expect(read.slice(0, 3).map((text) => Math.fround(Number(text)))).toEqual(values.slice(0, 3));
  expect(read[0]).toBe("0.33333334");
});

it("has the time in seconds, whatever the unit of the axis", () => {
  const time = timeAxis({ steps: [0, 10], values: [0, 6000] }) ?? BY_STEP;
  expect(csvOf(linesOf(tableOf("loss", "loss", [1, 1])), [BY_STEP, time])).toContain(
    "1,600.0000,1",
  );
});

it("quotes names with separators", () => {
  expect(csvOf(linesOf(tableOf("metric", 'a "b", c', [1])), [BY_STEP])).toContain(
    'step,"a ""b"", c"\r\n',
  );
});

it("has a file name with the run's name", () => {
  expect(fileName("<b>my run</b> / 3", "curves", "csv")).toBe("b-my-run-b-3-curves.csv");
  expect(fileName("../..", "curves", "png")).toBe("curves.png");
});
