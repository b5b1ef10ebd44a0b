import { expect, it } from "vitest";
import type { Theme } from "../../../src/parts/theme";
import type { Layout } from "../../../src/plot/plotly";
import { adaptedLayout } from "../../../src/views/samples/figure-colours";

const DARK: Theme = {
  dark: true,
  paper: "#111111",
  text: "#e0e0e0",
  mutedText: "#a0a0a0",
  gridLine: "#404040",
  error: "#ff0000",
  series: [],
};
const LIGHT: Theme = { ...DARK, dark: false };

/** The part of the template of plotly's figures that has colours. */
const TEMPLATE = {
  data: { bar: [{ type: "bar", marker: { line: { color: "#E5ECF6", width: 0.5 } } }] },
  layout: {
    paper_bgcolor: "white",
    plot_bgcolor: "#E5ECF6",
    font: { color: "#2a3f5f" },
    colorway: ["#636efa"],
    xaxis: { gridcolor: "white", automargin: true },
  },
};
const WHITE = { ...TEMPLATE, layout: { ...TEMPLATE.layout, plot_bgcolor: "white" } };

it("gives a figure without colours of its own those of a dark page", () => {
  const adapted = adaptedLayout({ title: "norms", template: TEMPLATE }, DARK);
  expect(adapted).toEqual({
    title: "norms",
    template: {
      data: { bar: [{ type: "bar", marker: { line: { color: DARK.paper, width: 0.5 } } }] },
      layout: {
        paper_bgcolor: DARK.paper,
        plot_bgcolor: DARK.paper,
        font: { color: DARK.text },
        colorway: ["#636efa"],
        xaxis: { gridcolor: DARK.gridLine, automargin: true },
      },
    },
  });
});

it.each([{}, { template: {} }, { template: { data: { scatter: [{ type: "scatter" }] } } }])(
  "gives them to a figure without a template, too: %j",
  (layout: Layout) => {
    const { template } = adaptedLayout(layout, DARK) as { template: { layout: Layout } };
    expect(template.layout).toMatchObject({
      paper_bgcolor: DARK.paper,
      font: { color: DARK.text },
    });
  },
);

it.each([
  { template: WHITE },
  { template: TEMPLATE, paper_bgcolor: "lavender" },
  { template: TEMPLATE, plot_bgcolor: "black" },
  { font: { color: "navy" } },
])("does not change a figure with colours of its own: %j", (layout: Layout) => {
  expect(adaptedLayout(layout, DARK)).toBe(layout);
});

it("changes no figure in a light page", () => {
  const layout = { template: TEMPLATE };
  expect(adaptedLayout(layout, LIGHT)).toBe(layout);
});
