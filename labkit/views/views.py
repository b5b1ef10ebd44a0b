"""The views: small widgets that say what to draw of which run."""

from __future__ import annotations

from typing import Any, ClassVar

import anywidget
import traitlets
from ipywidgets import widget_serialization

from labkit.run import ComputationGraph, Run
from labkit.run.inspection import Inspect
from labkit.views import assets, pictures
from labkit.views.channel import RunChannel


class View(anywidget.AnyWidget):
    """A view of one run; use one of its kinds.

    Parameters
    ----------
    run : Run
        Growing or ended.

    Raises
    ------
    TypeError
        If it is given anything else.
    """

    kind: ClassVar[str] = ""

    view = traitlets.Unicode().tag(sync=True)
    channel = traitlets.Instance(RunChannel).tag(sync=True, **widget_serialization)

    def __init__(self, run: Run) -> None:
        if not isinstance(run, Run):
            raise TypeError(
                f"{type(self).__name__} takes a Run, not {type(run).__name__}. "
                f"Example: lk.{type(self).__name__}(lk.watch(model, show=False))"
            )
        self.run = run
        super().__init__(view=self.kind, channel=RunChannel.of(run), _esm=assets.loader_source())

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = {
            "text/plain": pictures.text(self.run),
            "image/svg+xml": pictures.svg(self.run, self.kind),
        }
        return {**still, **(data or {}), "text/plain": still["text/plain"]}, metadata


class Dashboard(View):
    """Curves, gradients, graph and controls of a run in one view."""

    kind = "dashboard"


class CurvesView(View):
    """Curves of the loss and of logged metrics."""

    kind = "curves"


class GradientView(View):
    """Gradient norms, weight norms and update ratios of every parameter over time."""

    kind = "gradients"


class GraphView(View):
    """The computation graph, folded into modules.

    Parameters
    ----------
    source : Run or ComputationGraph
        A run's graph changes with it; a graph alone stays as it is.
    name : str
        Title of a graph alone.
    inspect : callable, optional
        Reads a parameter's values by its name, for a graph alone.
    """

    kind = "graph"

    def __init__(
        self,
        source: Run | ComputationGraph,
        *,
        name: str = "graph",
        inspect: Inspect | None = None,
    ) -> None:
        if isinstance(source, ComputationGraph):
            source = _run_around(source, name, inspect)
        super().__init__(source)

    @property
    def graph(self) -> ComputationGraph | None:
        """The graph that is shown, as plain data; None before there is one."""
        return self.run.graph


def _run_around(graph: ComputationGraph, name: str, inspect: Inspect | None) -> Run:
    """Return an ended run that holds nothing but a graph."""
    run = Run(name)
    run.add_graph(graph)
    if inspect is not None:
        run.inspect = inspect
    run.close()
    return run


class FindingsView(View):
    """What goes wrong in a run, why, and what to try."""

    kind = "findings"


class ActivationView(View):
    """What the modules give out: statistics over time, feature maps, kernels, states and gates."""

    kind = "activations"


class Controls(View):
    """Progress, and buttons that pause, resume, step and stop the loop."""

    kind = "controls"
