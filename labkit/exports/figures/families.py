"""Figures of one value per parameter or module and step: as a heat map, or as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit.exports.figures.look import (
    MAGNITUDES,
    NOT_FINITE,
    Look,
    label,
    line_colour,
    log_axis,
    new_figure,
    scale,
)
from labkit.exports.figures.marks import Marks, event_marks, gap_marks
from labkit.exports.figures.step_axis import StepAxis
from labkit.exports.figures.subjects import Family
from labkit.run import Run
from labkit.run.series.decimate import decimate
from labkit.run.series.series_table import Floats, Steps

_TITLES = {
    "grad_norm": "Gradient norm",
    "grad_norm_unclipped": "Gradient norm before clipping",
    "weight_norm": "Weight norm",
    "update_ratio": "Update ratio",
    "grad_cosine": "Gradient direction",
    "grad_noise": "Gradient noise scale",
    "grad_zeros": "Zeros in the gradient",
    "grad_not_finite": "NaN or ∞ in the gradient",
    "act_std": "Standard deviation of activations",
    "act_mean": "Mean of activations",
    "act_dead": "Dead units",
    "act_saturated": "Saturated activations",
    "act_grad": "Gradient norm of activations",
}
_SIGNED = {"grad_cosine", "act_mean"}
_SHARES = {"grad_zeros", "grad_not_finite", "act_dead", "act_saturated"}
_CUSTOMARY = {"update_ratio": 1e-3}
_MAX_CELLS, _MAX_BINS, _MIN_BINS = 120_000, 400, 60
_MAX_DECADES = 12
_MAX_NAMED_ROWS, _MAX_NAMED_LINES = 60, 8
_ROW_HEIGHT = 18
_SLICES, _MIN_SLICES = 20_000, 100
"""Number of slices of all lines together, which limits the size of a figure, and of each."""
_MARKED_LINES = 2
"""Number of lines above which values without a number are not marked."""


@dataclass(frozen=True)
class FamilyOptions:
    """How a family of series is drawn; see `labkit.exports.figures.figure`."""

    axis: StepAxis
    log: bool | None
    marks: bool
    look: Look


def is_logarithmic(kind: str) -> bool:
    """Return whether the values of a kind are magnitudes."""
    return kind not in _SIGNED | _SHARES


def title_of(kind: str) -> str:
    """Return the name of a kind of series, as in the views."""
    return _TITLES.get(kind, kind)


# ── heat map ─────────────────────────────────────────────────────────────────


def heat_map(run: Run, family: Family, options: FamilyOptions) -> go.Figure:
    """Return a heat map over steps and parameters; each cell has the maximum of its steps.

    A cell without a reading has the value of the one before it.
    """
    points = [run.series(f"{family.kind}/{name}") for name in family.names]
    count = len(points)
    edges = _edges(points, max(_MIN_BINS, min(_MAX_BINS, _MAX_CELLS // count)))
    cells, read_at = _cells(points, edges)
    positions, colours = _colours(family.kind, cells, options)
    figure = new_figure(
        options.look,
        f"{run.name}: {title_of(family.kind).lower()}",
        height=140 + _ROW_HEIGHT * min(max(3, count), _MAX_NAMED_ROWS),
        hovermode="closest",
        xaxis={**options.axis.layout()},
        yaxis=_name_axis(family.names),
        showlegend=False,
    )
    hover = np.empty((*cells.shape, 3), object)
    hover[..., 0] = np.array([label(name) or "(model)" for name in family.names], object)[:, None]
    hover[..., 1], hover[..., 2] = read_at, _texts(cells)
    shared = {
        "x": options.axis.at(edges),
        "customdata": hover,
        "hovertemplate": (
            "%{customdata[0]}<br>step %{customdata[1]:,d}<br>%{customdata[2]}<extra></extra>"
        ),
        "hoverongaps": False,
    }
    figure.add_trace(go.Heatmap(z=positions, showlegend=False, **shared, **colours))
    logarithmic = options.log is not False and is_logarithmic(family.kind)
    special = [("NaN or ∞", NOT_FINITE, np.isinf(cells))]
    if logarithmic:
        special.append(("0", options.look.zero, cells == 0))
    for name, colour, where in special:
        if where.any():
            figure.update_layout(showlegend=True, margin={"b": 70})
            z = np.where(where, 1.0, np.nan)
            one_colour = {"colorscale": [[0, colour], [1, colour]], "showscale": False}
            figure.add_trace(go.Heatmap(z=z, name=name, showlegend=True, **shared, **one_colour))
    if options.marks:
        marks = event_marks(run.events, int(edges[-1]), options.axis, options.look)
        figure.update_layout(shapes=marks.shapes, annotations=marks.annotations)
    return figure


def _edges(points: Sequence[tuple[Steps, Floats]], max_bins: int) -> NDArray[np.int64]:
    """Return the edges of bins of steps, whose width is a power of two."""
    first = min(int(steps[0]) for steps, _ in points)
    last = max(int(steps[-1]) for steps, _ in points)
    width = 1
    while (last // width) - (first // width) + 1 > max_bins:
        width *= 2
    return np.arange(first // width, last // width + 2, dtype=np.int64) * width


def _cells(
    points: Sequence[tuple[Steps, Floats]], edges: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the largest value of each series in each bin, and its step.

    Returns
    -------
    cells : ndarray, shape (n_series, n_bins), dtype float64
        NaN before the first reading; infinite for values that are not finite.
    steps : ndarray, shape (n_series, n_bins), dtype int64
    """
    cells = np.full((len(points), len(edges) - 1), np.nan)
    read_at = np.zeros(cells.shape, np.int64)
    for row, (steps, values) in enumerate(points):
        sizes = np.where(np.isfinite(values), values, np.inf).astype(np.float64)
        bins = np.searchsorted(edges, steps, side="right") - 1
        order = np.lexsort((sizes, bins))
        largest = order[np.flatnonzero(np.diff(bins[order], append=len(edges)))]
        cells[row, bins[largest]], read_at[row, bins[largest]] = sizes[largest], steps[largest]
    known = np.where(np.isnan(cells), 0, np.arange(cells.shape[1]))
    newest = np.maximum.accumulate(known, axis=1)
    return np.take_along_axis(cells, newest, 1), np.take_along_axis(read_at, newest, 1)


def _colours(
    kind: str, cells: NDArray[np.float64], options: FamilyOptions
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Return the positions of cells on the colour scale, and the scale."""
    finite = np.where(np.isfinite(cells), cells, np.nan)
    known = finite[np.isfinite(finite)]
    if kind in _SHARES:
        return finite, {"zmin": 0, "zmax": 1} | _bar(MAGNITUDES, tickformat=".0%")
    if kind in _SIGNED:
        end = float(np.abs(known).max(initial=0)) or 1.0
        return finite, {"zmin": -end, "zmax": end} | _bar(options.look.signed)
    if options.log is False:
        high = float(known.max(initial=0)) or 1.0
        return finite, {"zmin": 0, "zmax": high} | _bar(MAGNITUDES)
    positions = np.log10(np.where(finite > 0, finite, np.nan))
    found = positions[np.isfinite(positions)]
    high = float(np.floor(found.max(initial=-_MAX_DECADES)) + 1) if found.size else 1.0
    low = max(float(np.floor(found.min())), high - _MAX_DECADES) if found.size else 0.0
    ticks = np.arange(low, high + 1, max(1, round((high - low) / 6)))
    texts = [f"10<sup>{power:.0f}</sup>".replace("-", "\N{MINUS SIGN}") for power in ticks]
    bar = _bar(MAGNITUDES, tickvals=ticks, ticktext=texts)
    return positions, {"zmin": low, "zmax": high} | bar


def _bar(colours: Sequence[str], **bar: Any) -> dict[str, Any]:
    """Return a colour scale with its bar."""
    shape = {"thickness": 12, "outlinewidth": 0, **bar}
    return {"colorscale": scale(colours), "colorbar": shape}


def _texts(cells: NDArray[np.float64]) -> NDArray[np.object_]:
    texts = [
        "not read" if np.isnan(value) else "NaN or ∞" if np.isinf(value) else f"{value:.4g}"
        for value in cells.ravel().tolist()
    ]
    return np.array(texts, object).reshape(cells.shape)


def _name_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return the vertical axis: the names from the top; of many, only some."""
    every = max(1, -(-len(names) // _MAX_NAMED_ROWS))
    places = list(range(0, len(names), every))
    return {
        "autorange": "reversed",
        "tickvals": places,
        "ticktext": [_tick(names[place]) for place in places],
        "showgrid": False,
    }


def _tick(name: str) -> str:
    longest = 36
    text = name if len(name) <= longest else f"… {name[-longest:]}"
    return label(text) or "(model)"


# ── lines ────────────────────────────────────────────────────────────────────


def lines(run: Run, family: Family, options: FamilyOptions) -> go.Figure:
    """Return one line per parameter or module."""
    kind, names, look = family.kind, family.names, options.look
    log = is_logarithmic(kind) if options.log is None else options.log
    has_legend = 1 < len(names) <= _MAX_NAMED_LINES
    figure = new_figure(
        look,
        f"{run.name}: {title_of(kind).lower()}",
        height=460 if has_legend else 420,
        hovermode="closest",
        xaxis=options.axis.layout(),
        yaxis=log_axis(run.series(f"{kind}/{name}")[1] for name in names) if log else {},
        showlegend=has_legend,
        margin={"b": 84 if has_legend else 44},
    )
    marks = Marks([], [])
    for index, name in enumerate(names):
        points = run.series(f"{kind}/{name}")
        if len(names) <= _MARKED_LINES:
            marks.add(gap_marks(name, *points, options.axis, (0, 1), look))
        steps, values = decimate(*points, max(_MIN_SLICES, _SLICES // len(names)))
        figure.add_trace(
            go.Scatter(
                x=options.axis.at(steps),
                y=np.where(np.isfinite(values), values, np.nan),
                customdata=steps,
                name=label(name) or "(model)",
                mode="lines" if len(steps) > 1 else "markers",
                line={"color": line_colour(index, len(names), look), "width": 1.4},
                hovertemplate=(
                    "%{fullData.name}<br>step %{customdata:,d}<br>%{y:.4~g}<extra></extra>"
                ),
            )
        )
    if options.marks:
        last = max(int(run.series(f"{kind}/{name}")[0][-1]) for name in names)
        marks.add(event_marks(run.events, last, options.axis, look))
    figure.update_layout(shapes=marks.shapes, annotations=marks.annotations)
    if log and kind in _CUSTOMARY:
        figure.add_hline(
            _CUSTOMARY[kind],
            line={"color": look.muted, "width": 1.2, "dash": "dash"},
            annotation={
                "text": f"{_CUSTOMARY[kind]} is customary",
                "font": {"size": 10, "color": look.muted},
            },
        )
    return figure
