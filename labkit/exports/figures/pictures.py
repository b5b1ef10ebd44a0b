"""Figures of activations: feature maps, kernels, states, gates, attention, units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit.exports.figures.look import (
    MAGNITUDES,
    NOT_FINITE,
    Look,
    label,
    log_axis,
    new_figure,
    scale,
)
from labkit.run import Run
from labkit.run.activations import Picture, PictureKind

_TITLES: dict[PictureKind, str] = {
    "maps": "feature maps",
    "kernels": "kernels",
    "states": "hidden state",
    "gates": "gates and cell",
    "time_gradient": "gradient through time",
    "attention": "attention",
    "units": "units",
}
_POSSIBLE = (("gate", (0.0, 1.0)), ("candidate", (-1.0, 1.0)))
"""The values that panels of a recurrent layer can have, by the end of their names."""
_TILES = ("maps", "kernels", "attention")
_WIDTH = 640
"""Inner width of a figure, in px."""
_CAPTION = 16
"""Height of the name of a panel, in px."""
_GAP = 8
_MAX_TILE, _MIN_TILE = 180, 64
_MAX_WIDE_HEIGHT, _MIN_WIDE_HEIGHT, _CROWDED_HEIGHT = 150, 40, 76
_FEW_PANELS = 4
_MARGIN = {"l": 16, "r": 90, "t": 56, "b": 24}


def picture_figure(
    run: Run, module: str, kind: PictureKind, step: int | None, look: Look
) -> go.Figure:
    """Return the newest picture up to a step, with a colour scale that all panels share.

    Gates have the scale of what they can be, and the cell state has one of its own.
    """
    picture = run.activations.at(module, kind, step)
    assert picture is not None, "the caller has found the subject"
    title = f"{run.name}: {_TITLES[kind]} of {module or 'the model'} at step {picture.step:,}"
    if kind == "time_gradient":
        return _time_gradient(picture, title, look)
    whole = run.activations.range(module, kind)
    shared = _ends(picture.values, whole) if kind != "gates" else None
    return _panels(picture, title, shared, look)


def _panels(
    picture: Picture, title: str, shared: tuple[float, float] | None, look: Look
) -> go.Figure:
    count = len(picture.values)
    across, width, height = _sizes(picture)
    down = math.ceil(count / across)
    inner_width = across * (width + _GAP) - _GAP
    inner_height = down * (height + _CAPTION + _GAP)
    figure = new_figure(
        look,
        title,
        width=inner_width + _MARGIN["l"] + _MARGIN["r"],
        height=inner_height + _MARGIN["t"] + _MARGIN["b"],
        margin=_MARGIN,
        hovermode="closest",
    )
    for place in range(count):
        left = (place % across) * (width + _GAP)
        top = (place // across) * (height + _CAPTION + _GAP) + _CAPTION
        box = (
            left / inner_width,
            (left + width) / inner_width,
            1 - (top + height) / inner_height,
            1 - top / inner_height,
        )
        ends = shared or _ends(picture.values[place], _possible(picture, place))
        _add_panel(figure, picture, place, box, ends, look, has_bar=place == 0 and bool(shared))
        figure.add_annotation(_caption(picture, place, box, None if shared else ends, look, width))
    return figure


def _add_panel(
    figure: go.Figure,
    picture: Picture,
    place: int,
    box: tuple[float, float, float, float],
    ends: tuple[float, float],
    look: Look,
    *,
    has_bar: bool,
) -> None:
    values, suffix = picture.values[place], "" if place == 0 else str(place + 1)
    axis = {"showticklabels": False, "showgrid": False, "ticks": "", "automargin": False}
    x0, x1, y0, y1 = box
    figure.layout[f"xaxis{suffix}"] = {**axis, "domain": [x0, x1], "anchor": f"y{suffix}"}
    figure.layout[f"yaxis{suffix}"] = {
        **axis,
        "domain": [max(0.0, y0), y1],
        "anchor": f"x{suffix}",
        "autorange": "reversed",
    }
    shared: dict[str, Any] = {
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "name": _name(picture, place),
        "hoverongaps": False,
    }
    where = (
        f"%{{fullData.name}}<br>{label(picture.rows)} %{{y}}, {label(picture.columns)} %{{x}}<br>"
    )
    figure.add_trace(
        go.Heatmap(
            z=np.where(np.isfinite(values), values, np.nan),
            zmin=ends[0],
            zmax=ends[1],
            colorscale=scale(look.signed if ends[0] < 0 else MAGNITUDES),
            showscale=has_bar,
            colorbar={"thickness": 12, "outlinewidth": 0},
            hovertemplate=f"{where}%{{z:.4~g}}<extra></extra>",
            **shared,
        )
    )
    if not np.isfinite(values).all():
        figure.add_trace(
            go.Heatmap(
                z=np.where(np.isfinite(values), np.nan, 1.0),
                colorscale=[[0, NOT_FINITE], [1, NOT_FINITE]],
                showscale=False,
                hovertemplate=f"{where}NaN or ∞<extra></extra>",
                **shared,
            )
        )


def _caption(
    picture: Picture,
    place: int,
    box: tuple[float, float, float, float],
    ends: tuple[float, float] | None,
    look: Look,
    width: float,
) -> dict[str, Any]:
    silent = picture.kind == "maps" and place in picture.silent
    text = _name(picture, place) + (" dead" if silent else "")
    if ends is not None:
        text += f", from {ends[0]:.4g} to {ends[1]:.4g}"
    letters = max(4, int(width / 6))
    return {
        "text": text if len(text) <= letters or ends is not None else f"{text[: letters - 1]}…",
        "x": box[0],
        "xref": "paper",
        "xanchor": "left",
        "y": box[3],
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "borderpad": 0,
        "font": {"size": 10, "color": look.error if silent else look.muted},
    }


def _name(picture: Picture, place: int) -> str:
    return label(picture.panels[place] if place < len(picture.panels) else str(place))


def _sizes(picture: Picture) -> tuple[int, float, float]:
    """Return the number of panels in a row, and the width and height of a panel in px."""
    count, rows, columns = picture.values.shape
    if picture.kind in _TILES:
        longest = min(_MAX_TILE, max(_MIN_TILE, _WIDTH / math.ceil(math.sqrt(1.6 * count)) - _GAP))
        unit = longest / max(rows, columns)
        width, height = max(8.0, columns * unit), max(8.0, rows * unit)
        return max(1, min(count, int((_WIDTH + _GAP) // (width + _GAP)))), width, height
    tallest = _CROWDED_HEIGHT if count > _FEW_PANELS else _MAX_WIDE_HEIGHT
    return 1, _WIDTH, min(tallest, max(_MIN_WIDE_HEIGHT, rows * 6))


def _possible(picture: Picture, place: int) -> tuple[float, float] | None:
    name = picture.panels[place] if place < len(picture.panels) else ""
    return next((ends for end, ends in _POSSIBLE if name.endswith(end)), None)


def _ends(values: NDArray[np.float32], known: tuple[float, float] | None) -> tuple[float, float]:
    """Return a range from zero if no value is negative, else a range symmetric around zero."""
    finite = values[np.isfinite(values)]
    if known is None:
        known = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = known
    if low < 0:
        end = max(-low, high) or 1.0
        return -end, end
    return 0.0, high or 1.0


def _time_gradient(picture: Picture, title: str, look: Look) -> go.Figure:
    figure = new_figure(
        look,
        title,
        height=340,
        hovermode="x unified",
        xaxis={"title": {"text": picture.columns}},
        yaxis=log_axis(list(picture.values)),
        showlegend=len(picture.values) > 1,
    )
    for place, values in enumerate(picture.values):
        figure.add_trace(
            go.Scatter(
                y=np.where(np.isfinite(values[0]), values[0], np.nan),
                name=_name(picture, place),
                mode="lines",
                line={"width": 2},
                hovertemplate="%{y:.4~g}",
            )
        )
    return figure
