"""Figures of curves: losses, metrics, learning rates, in one panel per quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from labkit.exports.figures.look import Look, label, log_axis, new_figure
from labkit.exports.figures.marks import (
    Marks,
    event_marks,
    finding_marks,
    gap_marks,
    skipped_marks,
)
from labkit.exports.figures.step_axis import StepAxis
from labkit.exports.figures.subjects import Curves
from labkit.run import Finding, Run
from labkit.run.series.series_table import Floats, Steps

_FEW_VALUES = 24
"""Maximum number of values of a line with markers, which show values between two gaps."""
_MARGIN_TOP, _MARGIN_BOTTOM, _LEGEND = 60, 44, 26
_ONE_HEIGHT, _PANEL_HEIGHT, _PANEL_GAP = 300, 190, 34
"""Inner height of a single panel, of one of several, and the distance of panels, in px."""
_MAX_DECAY_SHARE = 0.12
"""Maximum decay of the average, as a fraction of the run's length."""


@dataclass(frozen=True)
class CurvesOptions:
    """How curves are drawn.

    Attributes
    ----------
    axis : StepAxis
    log : bool
        Whether the values have a logarithmic axis.
    smoothing : float
        Strength of the moving average, 0 to 1.
    marks : bool
        Whether findings and changes are marked.
    look : Look
    """

    axis: StepAxis
    log: bool
    smoothing: float
    marks: bool
    look: Look


def curves_figure(run: Run, panels: Sequence[Curves], options: CurvesOptions) -> go.Figure:
    """Return a figure with a panel per quantity and a common axis of steps."""
    count = len(panels)
    height = _ONE_HEIGHT if count == 1 else count * (_PANEL_HEIGHT + _PANEL_GAP) - _PANEL_GAP
    has_legend = any(len(panel.series) > 1 for panel in panels)
    below = _MARGIN_BOTTOM + (_LEGEND if has_legend else 0)
    figure = new_figure(
        options.look,
        run.name,
        height=height + _MARGIN_TOP + below,
        margin={"t": _MARGIN_TOP, "b": below},
        hovermode="x unified",
        hoversubplots="axis",
        xaxis={**options.axis.layout(), "anchor": "y" if count == 1 else f"y{count}"},
        showlegend=has_legend,
    )
    marks = Marks([], [])
    colours = iter(options.look.series * (1 + sum(len(p.series) for p in panels)))
    for number, panel in enumerate(panels, start=1):
        top = 1 - (number - 1) * (_PANEL_HEIGHT + _PANEL_GAP) / height
        domain = (0.0 if number == count else top - _PANEL_HEIGHT / height, top)
        suffix = "" if number == 1 else str(number)
        values = [run.series(name)[1] for name in panel.series]
        scale = log_axis(values) if options.log else {"nticks": 6}
        figure.layout[f"yaxis{suffix}"] = {"domain": [max(0.0, domain[0]), domain[1]]} | scale
        marks.annotations.append(_panel_title(panel.title, top, options.look))
        for name in panel.series:
            points = run.series(name)
            figure.add_traces(_line(name, points, f"y{suffix}", next(colours), options))
            marks.add(gap_marks(name, *points, options.axis, domain, options.look))
        if options.marks:
            found = _findings(run, panels, number - 1)
            marks.add(finding_marks(found, options.axis, domain, height, options.look))
    if options.marks:
        last = max(int(run.series(name)[0][-1]) for panel in panels for name in panel.series)
        marks.add(event_marks(run.events, last, options.axis, options.look))
        marks.add(skipped_marks(run.observations.skipped, options.axis, options.look))
    figure.update_layout(shapes=marks.shapes, annotations=marks.annotations)
    return figure


def smoothed(steps: Steps, values: Floats, strength: float) -> Floats:
    """Return a moving average that decays by steps, as older points are sparser.

    Examples
    --------
    >>> values = np.array([1.0, 0.0, np.nan], np.float32)
    >>> (smoothed(np.array([1, 2, 3]), values, 1.0) > 0).tolist()
    [True, True, False]
    """
    length = int(steps[-1] - steps[0])
    if strength <= 0 or length <= 0:
        return values
    # The length is rounded coarsely, as in the view, whose averages then remain as the run grows.
    stage = 2.0 ** (np.ceil(2 * np.log2(length)) / 2)
    decay = stage * _MAX_DECAY_SHARE * strength**2
    kept = np.exp(-np.diff(steps, prepend=steps[0]) / decay).tolist()
    total, weight, carried = 0.0, 0.0, 1.0
    averages = np.full(len(values), np.nan, np.float32)
    for index, (value, factor) in enumerate(zip(values.tolist(), kept, strict=True)):
        carried *= factor
        if np.isfinite(value):
            total, weight, carried = total * carried + value, weight * carried + 1, 1.0
            averages[index] = total / weight
    return averages


def _line(
    name: str, points: tuple[Steps, Floats], yaxis: str, colour: str, options: CurvesOptions
) -> list[go.Scatter]:
    """Return the line of a series; if it is smoothed, the recorded values as a faint line below."""
    steps, recorded = points
    drawn = np.where(np.isfinite(recorded), recorded, np.nan)
    places = options.axis.at(steps)
    shared: dict[str, Any] = {
        "x": places,
        "yaxis": yaxis,
        "name": label(name),
        "legendgroup": f"{yaxis} {label(name)}",
    }
    few = np.isfinite(drawn).sum() <= _FEW_VALUES
    main: dict[str, Any] = {
        "mode": "lines+markers" if few else "lines",
        "line": {"color": colour, "width": 1.8},
        "marker": {"color": colour, "size": 5},
    }
    own_step = "" if options.axis.name == "step" else " (step %{customdata:,d})"
    known_steps = {} if options.axis.name == "step" else {"customdata": steps}
    if options.smoothing <= 0:
        template = f"%{{y:.4~g}}{own_step}"
        return [go.Scatter(**shared, **main, y=drawn, hovertemplate=template, **known_steps)]
    faint = {"line": {"color": colour, "width": 1}, "opacity": 0.28, "hoverinfo": "skip"}
    return [
        go.Scatter(**shared, **faint, y=drawn, mode="lines", showlegend=False),
        go.Scatter(
            **shared,
            **main,
            y=smoothed(steps, recorded, options.smoothing),
            customdata=drawn,
            hovertemplate="%{customdata:.4~g}, smoothed %{y:.4~g}",
        ),
    ]


def _findings(run: Run, panels: Sequence[Curves], index: int) -> list[Finding]:
    """Return the findings to mark in a panel: those of its series.

    The first panel, if it is the loss, has those that belong to no panel.
    """
    shown = {name for panel in panels for name in panel.series}
    own = set(panels[index].series)
    takes_others = index == 0 and panels[0].key == "loss"
    return [
        finding
        for finding in run.findings
        if finding.severity != "hint"
        and (own & set(finding.series) or (takes_others and not shown & set(finding.series)))
    ]


def _panel_title(title: str, top: float, look: Look) -> dict[str, Any]:
    return {
        "text": f"<b>{label(title)}</b>",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": top,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": look.text},
    }
