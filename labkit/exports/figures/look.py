"""The look of labkit's figures: the colours of the views, as a template of plotly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from labkit.run.printable import printable
from labkit.run.series.series_table import Floats

ThemeName = Literal["light", "dark"]
FONT = "system-ui, -apple-system, Segoe UI, sans-serif"
MAGNITUDES = (
    "#440154",
    "#482475",
    "#414487",
    "#355f8d",
    "#2a788e",
    "#21918c",
    "#22a884",
    "#44bf70",
    "#7ad151",
    "#bddf26",
    "#fde725",
)
"""Viridis from low to high, as in ``frontend/src/parts/palette.ts``."""
NOT_FINITE = "#ff2d78"
"""The colour of NaN and infinite values in heat maps and pictures."""
_MAX_LETTERS = 100
_FEW_DECADES = (0.7, 3.0)
"""Range in powers of ten in which a logarithmic axis has ticks at 1, 2 and 5."""


@dataclass(frozen=True)
class Look:
    """The colours of a theme, as in ``frontend/src/parts/theme.ts``.

    Attributes
    ----------
    name : str
    paper, text, muted, grid, error, warning, zero : str
        Colours.
    series : tuple of str
        Colours of lines, for colour-blind people as well.
    signed : tuple of str
        Colours from negative to positive values.
    box, module, edge : str
        Colours of a graph: an operation, a module, an edge.
    """

    name: ThemeName
    paper: str
    text: str
    muted: str
    grid: str
    error: str
    warning: str
    zero: str
    series: tuple[str, ...]
    signed: tuple[str, ...]
    box: str
    module: str
    edge: str


LIGHT = Look(
    name="light",
    paper="#ffffff",
    text="#222222",
    muted="#666666",
    grid="#e4e4e4",
    error="#c62828",
    warning="#c98700",
    zero="#c4c4c4",
    series=("#0072b2", "#d55e00", "#009e73", "#b5428a", "#b07d00", "#3a9bd4", "#6b6b6b"),
    signed=("#2166ac", "#67a9cf", "#f3f3f3", "#f0a05a", "#b24605"),
    box="#ffffff",
    module="#f3f3f3",
    edge="#8a8a8a",
)
DARK = Look(
    name="dark",
    paper="#1b1b1b",
    text="#e4e4e4",
    muted="#a8a8a8",
    grid="#3a3a3a",
    error="#ff7b6b",
    warning="#c98700",
    zero="#5c5c5c",
    series=("#56b4e9", "#f0883e", "#2bc49a", "#e08fc0", "#e6b422", "#a6d3f2", "#b8b8b8"),
    signed=("#74b9f2", "#2f6da8", "#262626", "#b0542f", "#ff9a6b"),
    box="#222222",
    module="#333333",
    edge="#8a8a8a",
)
THEMES: dict[str, Look] = {look.name: look for look in (LIGHT, DARK)}


def template(look: Look) -> go.layout.Template:
    """Return the look as a template, which ``figure.update_layout(template=...)`` replaces."""
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "tickfont": {"color": look.muted, "size": 11},
        "title": {"font": {"color": look.muted, "size": 11}, "standoff": 4},
        "zeroline": False,
        "automargin": True,
    }
    font = {"color": look.text, "size": 12, "family": FONT}
    layout = {
        "colorway": list(look.series),
        "font": font,
        "hoverlabel": {"bgcolor": look.paper, "bordercolor": look.grid, "font": font},
        "legend": {
            "font": {"size": 11},
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
        },
        "margin": {"l": 68, "r": 20, "t": 56, "b": 44},
        "paper_bgcolor": look.paper,
        "plot_bgcolor": look.paper,
        "title": {"font": {"size": 14}, "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"},
        "xaxis": {**axis, "showgrid": False},
        "yaxis": {**axis, "exponentformat": "power"},
    }
    return go.layout.Template(layout=layout)


def new_figure(look: Look, title: str, **layout: Any) -> go.Figure:
    """Return an empty figure with the look and a title, which may be any text."""
    return go.Figure(
        layout={"template": template(look), "title": {"text": f"<b>{label(title)}</b>"}, **layout}
    )


def log_axis(values: Iterable[Floats]) -> dict[str, Any]:
    """Return a logarithmic axis for some values, with plain numbers at few ticks.

    Examples
    --------
    >>> log_axis([np.array([0.1, 2.0], np.float32)])["dtick"]
    'D2'
    """
    axis = {"type": "log", "tickformat": "~g", "nticks": 7}
    positive = [each[np.isfinite(each) & (each > 0)] for each in values]
    ends = [power for each in positive if each.size for power in np.log10([each.min(), each.max()])]
    if ends and _FEW_DECADES[0] < max(ends) - min(ends) < _FEW_DECADES[1]:
        axis["dtick"] = "D2"  # otherwise plotly writes every digit
    return axis


def label(text: str) -> str:
    """Return a text of any content for a figure: plotly interprets some markup and formulas.

    Examples
    --------
    >>> label("<b>a</b> & $x$")
    '&lt;b&gt;a&lt;/b&gt; &amp; &#36;x&#36;'
    """
    clean = " ".join(printable(text[: 4 * _MAX_LETTERS]).split())
    if len(clean) > _MAX_LETTERS or len(text) > 4 * _MAX_LETTERS:
        clean = f"{clean[: _MAX_LETTERS - 2]} …"
    escaped = clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("$", "&#36;")


def scale(colours: Sequence[str]) -> list[list[Any]]:
    """Return colours at even distances as a colour scale of plotly."""
    return [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]


def colour_at(part: float, colours: Sequence[str] = MAGNITUDES) -> str:
    """Return the interpolated colour at a position from 0 to 1.

    Examples
    --------
    >>> colour_at(0.5, ["#000000", "#ffffff"])
    '#808080'
    """
    place = min(1.0, max(0.0, part)) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    low, high = (
        [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        for colour in colours[index : index + 2]
    )
    mixed = (round(a + (b - a) * (place - index)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def translucent(colour: str, opacity: float) -> str:
    """Return a colour with an opacity.

    Examples
    --------
    >>> translucent("#ff8000", 0.5)
    'rgba(255,128,0,0.5)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def line_colour(index: int, count: int, look: Look) -> str:
    """Return the colour of one of some lines: distinct hues for few, a gradient for many."""
    if count <= len(look.series):
        return look.series[index]
    part = index / (count - 1)
    return colour_at(0.25 + 0.75 * part if look.name == "dark" else 0.88 * part)
