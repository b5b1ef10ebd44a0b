// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { readTheme } from "../../../src/parts/theme";
import { BY_STEP } from "../../../src/plot/step-axis";
import type { SeriesTable } from "../../../src/session";
import { commonAxes } from "../../../src/views/comparison/common-axes";
import { LinkedRuns } from "../../../src/views/comparison/linked-runs";
import { lookOf } from "../../../src/views/comparison/looks";
import {
  drawnPanels,
  layerSeries,
  type SharedSeries,
  sharedSeries,
} from "../../../src/views/comparison/series";
import { curvesPlot } from "../../../src/views/curves/plot";
import { THEME, tableOf } from "../curves/sample";
import { runOf } from "./sample";

const loss = tableOf("loss", "loss", [3, 2, 1]);
const accuracy = tableOf("metric", "accuracy", [0, 1]);

function rates(names: readonly string[]): SeriesTable {
  return { ...tableOf("lr", "0", [0.1]), names };
}

function shared(...tables: SeriesTable[][]) {
  const compared = tables.map((each, place) => runOf(`run ${place}`, each));
  const runs = new LinkedRuns(compared).all;
  return { runs, series: sharedSeries(runs) };
}

const keys = (series: readonly SharedSeries[]) => series.map(({ key }) => key);

describe("the series of several runs", () => {
  it("are those of the same name together, and those that one run alone has", () => {
    const { series } = shared([loss], [loss, accuracy], [loss]);
    expect(keys(series)).toEqual(["loss", "accuracy"]);
    expect(series.map(({ series: some }) => some.length)).toEqual([3, 1]);
    expect(series.map(({ title }) => title)).toEqual(["loss", "accuracy (only run 1)"]);
  });

  it("have the learning rates of all parameter groups in one panel", () => {
    const { series } = shared([rates(["0"])], [rates(["body", "head"])]);
    expect(keys(series)).toEqual(["learning rate"]);
    const [panel] = drawnPanels(series, THEME, () => BY_STEP);
    expect(panel?.lines.map(({ name }) => name)).toEqual(["run 0", "run 1 · body", "run 1 · head"]);
  });

  it("include that of a parameter, for the runs that have it", () => {
    const norms = tableOf("grad_norm", "fc.weight", [1, 2]);
    const { runs } = shared([loss, norms], [loss, norms], [loss]);
    const chosen = { kind: "grad_norm", quantity: "Gradient norm", name: "fc.weight" } as const;
    const found = layerSeries(runs, chosen);
    expect(found?.key).toBe("Gradient norm of fc.weight");
    expect(found?.series.map(({ run }) => run.name)).toEqual(["run 0", "run 1"]);
    expect(layerSeries(runs, { ...chosen, name: "gone" })).toBeNull();
  });

  it("have eight looks that differ, the same in every panel", () => {
    const theme = readTheme(document.body);
    const looks = Array.from({ length: 8 }, (_, place) => lookOf(place, theme));
    expect(new Set(looks.map(({ colour, dash }) => `${colour} ${dash}`)).size).toBe(8);
    const { series } = shared([loss, accuracy], [loss, accuracy]);
    const panels = drawnPanels(series, THEME, () => BY_STEP);
    for (const { lines } of panels) {
      expect(lines.map(({ colour }) => colour)).toEqual(THEME.series.slice(0, 2));
    }
  });

  it("are drawn as lines of their own, with averages over the same number of steps", () => {
    const { series } = shared([loss], [loss]);
    const quantities = drawnPanels(series, THEME, () => BY_STEP);
    const size = { width: 600, height: 300 };
    const { traces } = curvesPlot({
      ...size,
      quantities,
      axis: BY_STEP,
      smoothing: 0.5,
      decay: 1,
      logarithmic: false,
      cursor: null,
      second: null,
      mark: null,
      events: [],
      skipped: [],
      room: 0,
      range: null,
      theme: THEME,
    });
    expect(new Set(traces.map(({ uid }) => uid)).size).toBe(traces.length);
    const lines = traces.map(({ line }) => (line as { dash?: string }).dash);
    expect(lines).toContain("7,3");
  });
});

describe("the horizontal axes", () => {
  it("are those that all runs have, in the unit of the longest", () => {
    const compared = [runOf("a", [loss]), runOf("b", [loss])] as const;
    const runs = new LinkedRuns(compared).all;
    const kinds = () => commonAxes(runs).map(({ axis }) => axis.kind);
    const none = { steps: [], values: [] };
    compared[0].session.progress = { epochs: none, seconds: { steps: [0, 100], values: [0, 50] } };
    expect(kinds()).toEqual(["step"]);
    compared[1].session.progress = { epochs: none, seconds: { steps: [0, 100], values: [0, 600] } };
    expect(kinds()).toEqual(["step", "time"]);
    const time = commonAxes(runs)[1];
    expect(time?.axis.unit).toBe("min");
    const places = runs.map((run) => time?.of(run).at(50));
    expect(places[0]).toBeCloseTo(25 / 60);
    expect(places[1]).toBeCloseTo(5);
    expect(runs.map((run) => time?.of(run).stepAt(1)).map(Number)).toEqual([120, 10]);
  });
});
