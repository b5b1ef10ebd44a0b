"""Marks over the steps: findings, changes by a person, skipped steps, and values without a number.

Each function returns shapes and annotations of a plotly layout. The heights are fractions of the
figure's inner height.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from labkit.exports.figures.look import Look, label, translucent
from labkit.exports.figures.step_axis import StepAxis
from labkit.run import Finding, RunEvent
from labkit.run.series.series_table import Floats, Steps

Domain = tuple[float, float]
"""Lower and upper end of a panel."""
_MAX_GAPS = 6
_MAX_FINDINGS = 4
_MAX_LINES = 6
_MARKS_ACROSS = 40
"""Number of marks of changes for which there is room."""
_FEW_MARKS = 8
_LABEL_HEIGHT = 15
"""Height of the name of a finding, in px."""


class Marks(NamedTuple):
    """Shapes and annotations of a layout."""

    shapes: list[dict[str, Any]]
    annotations: list[dict[str, Any]]

    def add(self, other: Marks) -> None:
        """Append the shapes and annotations of other marks."""
        self.shapes.extend(other.shapes)
        self.annotations.extend(other.annotations)


class _Gap(NamedTuple):
    first: int
    last: int
    text: str


def gap_marks(
    name: str, steps: Steps, values: Floats, axis: StepAxis, domain: Domain, look: Look
) -> Marks:
    """Return marks of the first sections of a series that are NaN or infinite."""
    marks = Marks([], [])
    for gap in _gaps(steps, values):
        x0, x1 = axis.at([gap.first, gap.last]).tolist()
        line = {"color": look.error, "width": 1 if x0 == x1 else 0.5}
        fill = {} if x0 == x1 else {"fillcolor": translucent(look.error, 0.12)}
        kind = "line" if x0 == x1 else "rect"
        marks.shapes.append(_span(kind, x0, x1, domain) | {"line": line} | fill)
        marks.annotations.append(
            _note(x0, domain[0], "▲", look.error, "bottom")
            | {"hovertext": label(f"{name} is {gap.text}")}
        )
    return marks


def finding_marks(
    findings: Iterable[Finding], axis: StepAxis, domain: Domain, height: float, look: Look
) -> Marks:
    """Return the steps of findings as shaded spans with their names, one below the other.

    Parameters
    ----------
    findings : iterable of Finding
    axis : StepAxis
    domain : tuple of float
    height : float
        Inner height of the figure, in px.
    look : Look
    """
    marks = Marks([], [])
    for place, finding in enumerate(list(findings)[:_MAX_FINDINGS]):
        colour = look.error if finding.severity == "error" else look.warning
        x0, x1 = axis.at(finding.steps).tolist()
        line = {"color": colour, "width": 1, "dash": "dot"}
        marks.shapes.append(
            _span("rect", x0, x1, domain)
            | {"line": line, "fillcolor": translucent(colour, 0.12), "layer": "below"}
        )
        top = domain[1] - place * _LABEL_HEIGHT / height
        marks.annotations.append(
            _note(x0, top, label(finding.rule.replace("-", " ")), colour, "top")
            | {"xanchor": "left", "bgcolor": look.paper, "hovertext": label(finding.message)}
        )
    return marks


def event_marks(events: Sequence[RunEvent], last: int, axis: StepAxis, look: Look) -> Marks:
    """Return the changes that a person made, and took back, as lines with a handle.

    Changes of neighbouring steps share a mark. `last` is the last step of the figure.
    """
    marks = Marks([], [])
    merged = [each for each in _merged(events, max(1, last // _MARKS_ACROSS)) if each[0] <= last]
    top = 1.0 if len(merged) <= _FEW_MARKS else 0.06
    for step, texts in merged:
        (x,) = axis.at([step]).tolist()
        line = {"color": look.muted, "width": 1}
        marks.shapes.append(_span("line", x, x, (0, top)) | {"line": line, "opacity": 0.55})
        lines = [label(text) for text in texts[:_MAX_LINES]]
        if len(texts) > _MAX_LINES:
            lines.append(f"and {len(texts) - _MAX_LINES} more")
        text = f"▲{len(texts)}" if len(texts) > 1 else "▲"
        marks.annotations.append(
            _note(x, 0, text, look.text, "bottom")
            | {"hovertext": "<br>".join(lines), "bgcolor": look.paper}
        )
    return marks


def skipped_marks(skipped: Iterable[int], axis: StepAxis, look: Look) -> Marks:
    """Return short lines at the steps that a gradient scaler skipped."""
    line = {"color": look.error, "width": 1.5}
    places = axis.at(list(skipped)).tolist()
    return Marks([_span("line", x, x, (0, 0.05)) | {"line": line} for x in places], [])


def _gaps(steps: Steps, values: Floats) -> list[_Gap]:
    missing = ~np.isfinite(values)
    edges = np.flatnonzero(np.diff(missing, prepend=False, append=False))
    gaps = []
    for begin, end in edges.reshape(-1, 2)[:_MAX_GAPS].tolist():
        first, last, value = int(steps[begin]), int(steps[end - 1]), float(values[begin])
        what = "NaN" if np.isnan(value) else "∞" if value > 0 else "\N{MINUS SIGN}∞"
        if first == last:
            text = f"{what} at step {first:,}"
        else:
            until = "" if end == len(values) else f" to {last:,}"
            text = f"{what} from step {first:,}{until}"
        gaps.append(_Gap(first, last, text))
    return gaps


def _merged(events: Sequence[RunEvent], distance: int) -> list[tuple[int, list[str]]]:
    moments = [(event.step, f"after step {event.step:,}: {event.text}") for event in events]
    moments += [
        (event.taken_back, f"after step {event.taken_back:,}, taken back: {event.text}")
        for event in events
        if event.taken_back is not None
    ]
    merged: list[tuple[int, list[str]]] = []
    for step, text in sorted(moments, key=lambda moment: moment[0]):
        if merged and step - merged[-1][0] < distance:
            merged[-1][1].append(text)
        else:
            merged.append((step, [text]))
    return merged


def _span(kind: str, x0: float, x1: float, domain: Domain) -> dict[str, Any]:
    ends = {"x0": x0, "x1": x1, "y0": domain[0], "y1": domain[1]}
    return {"type": kind, "xref": "x", "yref": "paper", **ends}


def _note(x: float, y: float, text: str, colour: str, anchor: str) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "xref": "x",
        "y": y,
        "yref": "paper",
        "yanchor": anchor,
        "showarrow": False,
        "font": {"size": 11, "color": colour},
        "borderpad": 1,
    }
