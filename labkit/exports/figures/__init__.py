"""Figures of plotly with what a run recorded, in labkit's look.

`Run.figure` and `ComputationGraph.figure` call this package. A figure is an ordinary
`plotly.graph_objects.Figure`: its layout can be changed, its traces moved to another figure, and
``figure.write_image("loss.pdf")`` writes a file where kaleido is installed (``pip install
kaleido``). The look is a template (`template`), which ``update_layout(template=...)`` replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from labkit.exports.figures import families, graphs, histograms, pictures
from labkit.exports.figures.curves import CurvesOptions, curves_figure
from labkit.exports.figures.look import THEMES, Look
from labkit.exports.figures.look import template as _template
from labkit.exports.figures.step_axis import step_axis
from labkit.exports.figures.subjects import (
    Activations,
    Curves,
    Family,
    GradientHistograms,
    Subject,
    curves,
    find,
    names,
)
from labkit.run import ComputationGraph, Run

__all__ = ["figure", "graph_figure", "names", "template"]

_KINDS: dict[type[Subject], tuple[str, ...]] = {
    Family: ("heat map", "lines"),
    GradientHistograms: ("heat map", "ridge"),
}


def figure(
    run: Run,
    name: str | Sequence[str] | None = None,
    *,
    x: str = "step",
    log: bool | None = None,
    smoothing: float = 0.0,
    kind: str | None = None,
    step: int | None = None,
    marks: bool = True,
    theme: str = "light",
) -> go.Figure:
    """Return a figure of what a run recorded; see `Run.figure`.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5, val_accuracy=0.4)
    >>> [trace.name for trace in figure(run, "accuracy").data]
    ['accuracy', 'val_accuracy']
    """
    look, axis = _look(theme), step_axis(run, x)
    is_number = isinstance(smoothing, (int, float)) and not isinstance(smoothing, bool)
    if not is_number or not 0 <= smoothing <= 1:
        raise ValueError(f'smoothing={smoothing!r} is not from 0 to 1. Example: run.figure("loss")')
    if step is not None and (isinstance(step, bool) or not isinstance(step, int)):
        raise TypeError(
            f'step={step!r} is no whole number. Example: run.figure("histograms", step=100)'
        )
    options = CurvesOptions(axis, log is True, smoothing, marks, look)
    if name is None or not isinstance(name, str):
        return curves_figure(run, _panels(run, name), options)
    subject = find(run, name)
    _check_kind(name, subject, kind)
    match subject:
        case Curves():
            return curves_figure(run, [subject], options)
        case Family():
            draw = families.lines if kind == "lines" else families.heat_map
            return draw(run, subject, families.FamilyOptions(axis, log, marks, look))
        case GradientHistograms(parameter=None):
            return histograms.all_parameters(run, step, look)
        case GradientHistograms(parameter=str(parameter)):
            return histograms.over_steps(run, parameter, axis, look, kind or "heat map")
        case Activations(module=module, kind=picture):
            return pictures.picture_figure(run, module, picture, step, look)
    raise AssertionError(subject)


def graph_figure(
    graph: ComputationGraph, *, depth: int | None = None, theme: str = "light"
) -> go.Figure:
    """Return a drawing of a graph; see `ComputationGraph.figure`."""
    return graphs.graph_figure(graph, depth, _look(theme))


def template(theme: str = "light") -> go.layout.Template:
    """Return labkit's look as a template for other figures of plotly.

    Parameters
    ----------
    theme : {"light", "dark"}

    Examples
    --------
    >>> template("dark").layout.colorway[0]
    '#56b4e9'
    """
    return _template(_look(theme))


def _look(theme: Any) -> Look:
    look: Look | None = THEMES.get(theme) if isinstance(theme, str) else None
    if look is None:
        raise ValueError(
            f'theme={theme!r} is neither "light" nor "dark". '
            'Example: run.figure("loss", theme="dark")'
        )
    return look


def _panels(run: Run, wanted: Sequence[str] | None) -> list[Curves]:
    """Return the panels of some names; of all curves for None."""
    if wanted is not None and not isinstance(wanted, Sequence):
        raise TypeError(
            f"run.figure takes a name or a list of names, not {type(wanted).__name__}. "
            'Example: run.figure(["loss", "lr"])'
        )
    if wanted is None:
        panels = curves(run)
        if not panels:
            raise KeyError("the run has no curves yet.")
        return panels
    found = [find(run, name) for name in wanted]
    others = [
        name for name, each in zip(wanted, found, strict=True) if not isinstance(each, Curves)
    ]
    if others or not found:
        raise ValueError(
            f"One figure has panels of curves; {others!r} cannot be among them. "
            'Example: run.figure(["loss", "lr"])'
        )
    return [each for each in found if isinstance(each, Curves)]


def _check_kind(name: str, subject: Subject, kind: str | None) -> None:
    kinds = _KINDS.get(type(subject), ())
    if isinstance(subject, GradientHistograms) and subject.parameter is None:
        kinds = ("ridge",)
    if kind is not None and kind not in kinds:
        known = f"one of {', '.join(map(repr, kinds))}" if kinds else "without a kind"
        raise ValueError(
            f"run.figure({name!r}, kind={kind!r}): this figure is {known}. "
            'Example: run.figure("grad_norm", kind="lines")'
        )
