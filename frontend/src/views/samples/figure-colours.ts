/** The colours of a logged figure in a dark page, unless the figure has colours of its own. */

import type { Theme } from "../../parts/theme";
import type { Layout } from "../../plot/plotly";

type Values = Readonly<Record<string, unknown>>;

/** The colours of the template that plotly applies to figures for which no other was chosen. */
const PAPER = "white";
const PANEL = "#E5ECF6";
const TEXT = "#2a3f5f";
const AXIS = { gridcolor: PAPER, linecolor: PAPER, zerolinecolor: PAPER };
/** These colours as a template, for figures that have none. */
const PLAIN: Values = {
  layout: {
    paper_bgcolor: PAPER,
    plot_bgcolor: PANEL,
    font: { color: TEXT },
    xaxis: AXIS,
    yaxis: AXIS,
  },
};

/**
 * Returns the layout with the page's background, lines and text in place of plotly's own, if the
 * page is dark. A figure that sets one of its backgrounds or the colour of its text, or has another
 * template, is not changed: parts of it would be unreadable on the other colours.
 */
export function adaptedLayout(layout: Layout, theme: Theme): Layout {
  const template = valuesOf(layout.template);
  if (!theme.dark || hasColours(layout) || isChosen(template)) return layout;
  const base = hasColours(valuesOf(template.layout)) ? template : { ...template, ...PLAIN };
  return { ...layout, template: recoloured(base, "", theme) };
}

function hasColours(layout: Values): boolean {
  const { paper_bgcolor: paper, plot_bgcolor: panel, font } = layout;
  return [paper, panel, valuesOf(font).color].some((colour) => colour !== undefined);
}

/** Whether a template has other colours than plotly's own. */
function isChosen(template: Values): boolean {
  const layout = valuesOf(template.layout);
  const isPlotlys = layout.paper_bgcolor === PAPER && layout.plot_bgcolor === PANEL;
  return hasColours(layout) && !isPlotlys;
}

/** Returns a value with plotly's colours replaced; `key` is its name in the object around it. */
function recoloured(value: unknown, key: string, theme: Theme): unknown {
  if (value === TEXT) return theme.text;
  if (value === PANEL) return theme.paper;
  if (value === PAPER) return /(grid|line)color$/.test(key) ? theme.gridLine : theme.paper;
  if (Array.isArray(value)) return value.map((each) => recoloured(each, key, theme));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, recoloured(each, name, theme)]),
  );
}

function valuesOf(value: unknown): Values {
  return typeof value === "object" && value !== null ? (value as Values) : {};
}
