import { describe, expect, it } from "vitest";
import { BY_STEP, timeAxis } from "../../../src/plot/step-axis";
import type { SeriesTable } from "../../../src/session";
import { describe as inWords } from "../../../src/views/curves/description";
import { LossStack } from "../../../src/views/curves/loss-parts";
import { type CurvesInput, curvesPlot, panelDomains } from "../../../src/views/curves/plot";
import { drawnQuantities, quantitiesOf, withAreas } from "../../../src/views/curves/quantities";
import { THEME, tableOf } from "./sample";

interface Drawn {
  readonly uid: string;
  readonly name: string;
  readonly mode: string;
  readonly x: Float64Array;
  readonly showlegend: boolean;
}

function picture(tables: readonly SeriesTable[], wish: Partial<CurvesInput> = {}) {
  const made = curvesPlot({
    quantities: drawnQuantities(quantitiesOf(tables), THEME.series),
    axis: BY_STEP,
    smoothing: 0.4,
    logarithmic: false,
    cursor: null,
    second: null,
    mark: null,
    events: [],
    skipped: [],
    range: null,
    room: 0,
    width: 600,
    height: 300,
    theme: THEME,
    ...wish,
  });
  return { ...made, drawn: made.traces as unknown as readonly Drawn[] };
}

const falling = Array.from({ length: 5000 }, (_, step) => 1 / (1 + step));
const uids = (drawn: readonly Drawn[]) => drawn.map(({ uid }) => uid);

describe("the lines", () => {
  it("have ids that do not depend on smoothing or on other lines", () => {
    const tables = [tableOf("loss", "loss", falling), tableOf("metric", "accuracy", falling)];
    const all = uids(picture(tables).drawn);
    expect(new Set(all).size).toBe(4);
    expect(uids(picture(tables, { smoothing: 0 }).drawn)).toEqual(all);
    expect(uids(picture(tables.slice(1)).drawn)).toEqual(all.slice(2));
  });

  it("have unique ids that are valid in a selector, for any names of metrics", () => {
    const tables = ["a b", "a_b", "a_20_b", "Güte/[0]"].map((name) =>
      tableOf("metric", name, falling),
    );
    const all = uids(picture(tables).drawn);
    expect(new Set(all).size).toBe(8);
    for (const uid of all) expect(uid).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it("have at most about two points per pixel", () => {
    for (const { x } of picture([tableOf("loss", "loss", falling)]).drawn) {
      expect(x.length).toBeLessThanOrEqual(1200);
    }
  });

  it("show an isolated value before NaN as a marker", () => {
    const { drawn } = picture([tableOf("loss", "loss", [2.3, ...Array(100).fill(Number.NaN)])]);
    expect(drawn.find(({ showlegend }) => showlegend)?.mode).toBe("lines+markers");
  });

  it("escape markup in names", () => {
    const { drawn, layout } = picture([tableOf("metric", "<b>bad</b>", [1, 2])]);
    expect(drawn[0]?.name).toBe("&lt;b&gt;bad&lt;/b&gt;");
    expect(JSON.stringify(layout)).not.toContain("<b>bad");
  });
});

describe("the lines of several runs", () => {
  const quantityOf = (key: string, lines: Record<string, readonly number[]>) => {
    const tables = Object.values(lines).map((values) => tableOf("loss", key, values));
    const drawn = drawnQuantities([{ key, title: key, lines: [] }], THEME.series)[0];
    const colour = "#123456";
    const shared = { column: 0, colour, isHidden: false };
    const names = Object.keys(lines);
    return {
      ...(drawn as NonNullable<typeof drawn>),
      lines: tables.map((table, index) => {
        const name = names[index] as string;
        return { ...shared, name, table, inWords: `${name}: ${key}` };
      }),
    };
  };
  const plotOf = (key: string, lines: Record<string, readonly number[]>, logarithmic = false) =>
    picture([], { quantities: [quantityOf(key, lines)], logarithmic });
  const range = ({ layout }: ReturnType<typeof plotOf>) =>
    (layout.yaxis as { range?: [number, number] }).range;

  it("have the axis of the others if one explodes, which is said", () => {
    const lines = { SGD: [3, 2, 1], wild: [3, 1e9, 1e37], Adam: [2, 1, 0.5] };
    const plot = plotOf("loss", lines);
    expect(range(plot)?.[0]).toBeCloseTo(0.35);
    expect(range(plot)?.[1]).toBeCloseTo(3.15);
    expect(plot.warnings).toEqual([
      "wild: loss reaches 1.00e37, beyond the axis, which is that of the other runs (Log shows all)",
    ]);
    expect(plot.drawn.filter(({ mode }) => mode.includes("markers"))).toHaveLength(2);
    const whole = plotOf("loss", lines, true);
    expect(range(whole)).toBeUndefined();
    expect(whole.warnings).toEqual([]);
  });

  it("have the axis of all values where none explodes", () => {
    expect(range(plotOf("loss", { large: [500, 90], small: [0.1, 0.01] }))).toBeUndefined();
    expect(range(plotOf("accuracy", { one: [0, 0.01], other: [0.01, 0.9] }))).toBeUndefined();
    expect(range(plotOf("loss", { alone: [3, 1e9] }))).toBeUndefined();
    expect(range(plotOf("loss", { zero: [0, 0], other: [3, 2] }))).toBeUndefined();
  });

  it("are named with their run where they are not finite, without a shade over the others", () => {
    const plot = plotOf("val_loss", { SGD: [3, 2], bad: [3, Number.NaN] });
    expect(plot.warnings).toEqual(["bad: val_loss is NaN at step 1"]);
    expect(plot.layout.shapes).toEqual([]);
    const marks = plot.layout.annotations as { text: string; font: { color: string } }[];
    expect(marks.find(({ text }) => text === "▲")?.font.color).toBe("#123456");
  });
});

describe("the names of panels", () => {
  it("that are cut have a tooltip in lines that fit", () => {
    const name = "validation accuracy of the averaged weights on the held-out set of the year";
    const { layout } = picture([tableOf("metric", `<${name}`, [1, 2])], { width: 300 });
    const [title] = layout.annotations as { text: string; hovertext: string }[];
    expect(title?.text).toContain("…");
    const lines = title?.hovertext.split("<br>") ?? [];
    expect(lines.join("")).toBe(`&lt;${name}`);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(34);
  });
});

describe("the mark of a finding", () => {
  const tables = [tableOf("loss", "loss", falling), tableOf("metric", "accuracy", falling)];
  const mark = { name: "over fitting", severity: "warning", steps: [10, 60] } as const;
  const spans = (series: string[]) => {
    const { layout } = picture(tables, { mark: { ...mark, series } });
    const shapes = layout.shapes as readonly Record<string, unknown>[];
    const names = (layout.annotations as Record<string, unknown>[]).filter(
      ({ text }) => text === mark.name,
    );
    return { spans: shapes.filter(({ x0, x1 }) => x0 === 10 && x1 === 60), names: names.length };
  };

  it("is a named span in each panel with one of its series", () => {
    expect(spans(["loss", "accuracy"])).toMatchObject({ names: 2, spans: [{ y1: 1 }, { y0: 0 }] });
    expect(spans(["accuracy"])).toMatchObject({ names: 1, spans: [{ y0: 0 }] });
  });

  it("is in the first panel if no panel has one of its series", () => {
    expect(spans(["grad_norm/fc.weight"])).toMatchObject({ names: 1, spans: [{ y1: 1 }] });
  });
});

describe("a gap", () => {
  const broken = [1, Number.NaN, 1, Number.POSITIVE_INFINITY];

  it("has a description with the name of the line", () => {
    const { warnings } = picture([tableOf("loss", "loss", broken)]);
    expect(warnings).toEqual(["loss is NaN at step 1, ∞ at step 3"]);
  });

  it("has a symbol with a tooltip at its step, which covers no value", () => {
    const { layout } = picture([tableOf("loss", "loss", broken)]);
    const signs = (layout.annotations as Record<string, unknown>[]).filter(
      ({ text }) => text === "▲",
    );
    expect(signs.map(({ x }) => x)).toEqual([1, 3]);
    expect(signs[0]).toMatchObject({ hovertext: "loss is NaN at step 1" });
    expect(signs[0]).not.toHaveProperty("bgcolor");
  });

  it("has a short description", () => {
    const values = Array.from({ length: 20 }, (_, step) => (step % 2 ? Number.NaN : 1));
    const { warnings } = picture([tableOf("loss", "loss", values)]);
    expect(warnings[0]).toBe(
      "loss is NaN at step 1, NaN at step 3, NaN at step 5, and later again",
    );
  });

  it("has no description if there is none", () => {
    expect(picture([tableOf("loss", "loss", falling)]).warnings).toEqual([]);
  });
});

describe("the description for screen readers", () => {
  it("contains the newest and the first value of every line, with their steps", () => {
    const tables = [tableOf("loss", "loss", falling), tableOf("metric", "accuracy", [0.5])];
    expect(inWords(quantitiesOf(tables))).toBe(
      "Curves over steps. loss 2.00e−4 at step 4,999, from 1 at step 0; accuracy 0.5 at step 0.",
    );
  });

  it("omits lines without a value", () => {
    expect(inWords(quantitiesOf([tableOf("metric", "accuracy", [])]))).toBe(
      "Curves over steps. accuracy has no value yet.",
    );
  });
});

describe("changes of the training", () => {
  it("are marked over all panels", () => {
    const tables = [tableOf("loss", "loss", falling), tableOf("metric", "accuracy", falling)];
    const event = {
      id: 1,
      step: 400,
      kind: "lr",
      where: "0",
      text: "lr",
      taken_back: null,
    } as const;
    const { layout } = picture(tables, { events: [event] });
    const shapes = layout.shapes as readonly { x0: number; y0: number; y1: number }[];
    expect(shapes.map(({ x0, y0, y1 }) => [x0, y0, y1])).toEqual([[400, 0, 1]]);
    const texts = (layout.annotations as readonly { text: string }[]).map(({ text }) => text);
    expect(texts).toContain("▲");
  });
});

describe("two cursors", () => {
  const shapes = (cursor: number | null, second: number | null) => {
    const { layout } = picture([tableOf("loss", "loss", falling)], { cursor, second });
    return (layout.shapes as readonly Record<string, unknown>[]).map(({ type, x0, x1 }) => [
      type,
      x0,
      x1,
    ]);
  };

  it("are two lines with a shade between them", () => {
    expect(shapes(10, 60)).toEqual([
      ["rect", 10, 60],
      ["line", 10, 10],
      ["line", 60, 60],
    ]);
  });

  it("are one line while the first follows the newest step", () => {
    expect(shapes(null, 60)).toEqual([["line", 60, 60]]);
  });
});

describe("a horizontal axis that is not that of the steps", () => {
  const axis = timeAxis({ steps: [0, 100], values: [0, 10] }) ?? BY_STEP;
  const tables = [tableOf("loss", "loss", [1, Number.NaN, ...Array(98).fill(2)])];
  const mark = { name: "late", severity: "warning", steps: [20, 40], series: ["loss"] } as const;
  const event = { id: 1, step: 50, kind: "lr", where: "0", text: "lr", taken_back: null } as const;

  it("has curves, cursors and marks at the same places", () => {
    const { drawn, layout } = picture(tables, {
      axis,
      cursor: 30,
      mark,
      events: [event],
      skipped: [70],
    });
    expect(drawn[1]?.x[30]).toBeCloseTo(3);
    const shapes = layout.shapes as readonly { x0: number; x1: number }[];
    expect(shapes.map(({ x0, x1 }) => [x0, x1])).toEqual([
      [3, 3],
      [7, 7],
      [5, 5],
      [2, 4],
      [0.1, 0.1],
    ]);
    expect(layout.xaxis).toMatchObject({ title: { text: "time (s)" } });
  });

  it("has the points of a zoom, and their steps in the tooltip", () => {
    const { drawn } = picture(tables, { axis, range: [2, 3], smoothing: 0 });
    const { x } = drawn[1] as Drawn;
    expect([x[0], x.at(-1)]).toEqual([expect.closeTo(1.9), expect.closeTo(3.1)]);
    expect(drawn[1]).toMatchObject({ hovertemplate: "%{y:.4~g} (step %{text})" });
    expect((drawn[1] as unknown as { text: string[] }).text[0]).toBe("19");
  });
});

describe("the panels", () => {
  it("have names that are cut in the middle where there is no room", () => {
    const name = `${"long_".repeat(30)}end`;
    const { layout } = picture([tableOf("metric", name, [1])], { width: 300 });
    const [title] = layout.annotations as readonly { text: string; hovertext: string }[];
    expect(title?.text).toMatch(/^<b>long_.*….*_end<\/b>$/);
    expect(title?.text.length).toBeLessThan(40);
    expect(title?.hovertext.replaceAll("<br>", "")).toBe(name);
  });

  it("leave room for the name of each in any height", () => {
    for (const height of [160, 300, 900]) {
      const domains = panelDomains(3, height);
      expect(domains[0]?.[1]).toBe(1);
      expect(domains[2]?.[0]).toBeCloseTo(0);
      const [first, second] = domains;
      expect(((first?.[0] ?? 0) - (second?.[1] ?? 0)) * (height - 60)).toBeGreaterThan(15);
    }
  });
});

describe("stacked parts of the loss", () => {
  const tables = [
    tableOf("loss", "loss", [3, 3, 3, 3]),
    tableOf("metric", "kl", [1, 1, 1, 1]),
    tableOf("metric", "fit", [2, 2, 2, 2]),
    tableOf("metric", "accuracy", [1, 1, 1, 1]),
  ];
  const all = quantitiesOf(tables);
  const quantities = drawnQuantities(withAreas(all, new LossStack().areasOf(all)), THEME.series);

  it("are areas in the panel of the loss, below its line, each with its own values", () => {
    const { traces } = picture(tables, { quantities, smoothing: 0 });
    const drawn = traces.map(({ name, fill, yaxis, y }) => [name, fill, yaxis, (y as number[])[0]]);
    expect(drawn.filter(([, , , y]) => y !== undefined)).toEqual([
      ["kl", "tozeroy", "y", 1],
      ["fit", "tonexty", "y", 3],
      ["loss", undefined, "y", 3],
      ["accuracy", undefined, "y2", 1],
    ]);
    expect(traces[1]?.customdata).toEqual(Float32Array.of(2, 2, 2, 2));
  });

  it("have their own values in the description", () => {
    expect(inWords(quantities)).toContain("fit 2 at step 3");
  });
});
