"""Figures of gradient histograms: of all parameters at a step, or of one over the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit.exports.figures.look import MAGNITUDES, Look, label, new_figure, scale, translucent
from labkit.exports.figures.step_axis import StepAxis
from labkit.exports.figures.subjects import histogram_names
from labkit.run import Run

_ROW_HEIGHT = 26
_OVERLAP = 1.6
"""Height of a histogram relative to the distance of the rows."""
_MAX_ROWS = 64


def all_parameters(run: Run, step: int | None, look: Look) -> go.Figure:
    """Return the histograms of all gradients at a step, one below the other."""
    names = histogram_names(run)[:_MAX_ROWS]
    found = [run.histograms.at(f"grad/{name}", step) for name in names]
    rows = [(name, *each) for name, each in zip(names, found, strict=True) if each is not None]
    shown = max(each[0] for each in found if each is not None)
    return _ridge(
        f"{run.name}: gradients at step {shown:,}",
        [(name, edges, counts) for name, _, edges, counts in rows],
        look,
    )


def over_steps(run: Run, parameter: str, axis: StepAxis, look: Look, kind: str) -> go.Figure:
    """Return the histograms of one gradient over the steps, as a heat map or as a ridge."""
    log = run.histograms.read(f"grad/{parameter}")
    title = f"{run.name}: gradient of {parameter}"
    if kind == "ridge":
        rows = zip(log.steps.tolist(), log.counts, strict=True)
        return _ridge(title, [(f"step {step:,}", log.edges, each) for step, each in rows], look)
    low, high = _filled(log.counts)
    sums = np.maximum(1, log.counts.sum(axis=1, keepdims=True))
    shares = np.where(log.counts > 0, log.counts / sums, np.nan)[:, low:high]
    figure = new_figure(
        look, title, height=380, hovermode="closest", xaxis=axis.layout(), yaxis=_magnitudes()
    )
    figure.add_trace(
        go.Heatmap(
            x=axis.at(_step_edges(log.steps)),
            y=log.edges[low : high + 1],
            z=shares.T,
            customdata=np.broadcast_to(log.steps, shares.T.shape),
            colorscale=scale(MAGNITUDES),
            zmin=0,
            colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": ".0%"},
            hoverongaps=False,
            hovertemplate=(
                "step %{customdata:,d}<br>about %{y:.2~g}: %{z:.1%} of the elements<extra></extra>"
            ),
        )
    )
    figure.update_yaxes(title={"text": "magnitude of the elements"})
    return figure


def _ridge(
    title: str, rows: list[tuple[str, NDArray[np.float64], NDArray[np.int64]]], look: Look
) -> go.Figure:
    """Return filled outlines, the first row at the top; the edges are the same for all."""
    low, high = _filled(np.stack([counts for _, _, counts in rows]))
    count = len(rows)
    figure = new_figure(
        look,
        title,
        height=140 + _ROW_HEIGHT * count,
        hovermode="closest",
        xaxis={**_magnitudes(), "title": {"text": "magnitude of the elements"}},
        yaxis={
            "tickvals": [count - 1 - place for place in range(count)],
            "ticktext": [label(name) for name, _, _ in rows],
            "showgrid": False,
        },
        showlegend=False,
    )
    for place, (name, edges, counts) in enumerate(rows):
        base = count - 1 - place
        colour = look.series[0] if place <= (count - 1) / 2 else look.series[1]
        centres = np.sqrt(edges[low:high] * edges[low + 1 : high + 1])
        top = base + _OVERLAP * counts[low:high] / max(1, int(counts.max()))
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([edges[[low]], centres, edges[[high]]]),
                y=np.concatenate([[base], top, [base]]),
                customdata=np.concatenate([[0], counts[low:high], [0]]),
                fill="toself",
                fillcolor=translucent(colour, 0.45),
                line={"color": colour, "width": 1},
                mode="lines",
                name=label(name),
                hoveron="points",
                hovertemplate=(
                    "%{fullData.name}<br>about %{x:.2~g}: %{customdata:,d} elements<extra></extra>"
                ),
            )
        )
    return figure


def _filled(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first bin that is not empty, and the end of the last one."""
    filled = np.flatnonzero(counts.any(axis=0))
    return (int(filled[0]), int(filled[-1]) + 1) if filled.size else (0, counts.shape[1])


def _step_edges(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return edges half-way between the sampled steps."""
    if len(steps) == 1:
        return np.array([steps[0] - 0.5, steps[0] + 0.5])
    return np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])


def _magnitudes() -> dict[str, Any]:
    return {"type": "log", "exponentformat": "power", "dtick": 1, "showgrid": False}
