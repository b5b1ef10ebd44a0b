"""The views: small widgets that say what to draw of which run."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets
from ipywidgets import widget_serialization

from labkit.run import ComputationGraph, Run
from labkit.run.inspection import Samples
from labkit.views import assets, pictures
from labkit.views.channel import RunChannel
from labkit.views.kernel import is_notebook
from labkit.views.lifetimes import DroppableWidget, ShownViews


class View(DroppableWidget):
    """A view of one run; use one of its kinds.

    A view that was never displayed goes with its last reference. One that was displayed stays
    until it is closed, or until the cell that displayed it is run again.

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
    channel = traitlets.Instance(RunChannel, allow_none=True).tag(sync=True, **widget_serialization)

    def __init__(self, run: Run) -> None:
        if not isinstance(run, Run):
            raise TypeError(
                f"{type(self).__name__} takes a Run, not {type(run).__name__}. "
                f"Example: lk.{type(self).__name__}(lk.watch(model, show=False))"
            )
        self.run = run
        channel = RunChannel.of(run)
        super().__init__(view=self.kind, channel=channel, _esm=assets.loader_source())
        channel.join(self.model_id)

    def close(self) -> None:
        """Close the view on every page, and the run's channel with the last of its views."""
        if self.comm is None:
            return
        model_id, channel = self.model_id, self.channel
        super().close()
        self.channel = None
        ShownViews.remove(model_id)
        if channel is not None:
            channel.leave(model_id)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if is_notebook():
            ShownViews.add(self)
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
    samples : mapping of str to Sampled, optional
        What is known of the values of a graph alone, by the names of parameters and the ids of
        operations' nodes.
    """

    kind = "graph"

    def __init__(
        self,
        source: Run | ComputationGraph,
        *,
        name: str = "graph",
        samples: Samples | None = None,
    ) -> None:
        self._made_run = isinstance(source, ComputationGraph)
        if isinstance(source, ComputationGraph):
            source = _run_around(source, name, samples or {})
        super().__init__(source)

    def close(self) -> None:
        """Close the view on every page; what was sampled for it goes."""
        super().close()
        if self._made_run:
            self.run.add_samples({})

    @property
    def graph(self) -> ComputationGraph | None:
        """The graph that is shown, as plain data; None before there is one."""
        return self.run.graph


def _run_around(graph: ComputationGraph, name: str, samples: Samples) -> Run:
    """Return an ended run that holds nothing but a graph and what was sampled for it."""
    run = Run(name)
    run.add_graph(graph)
    run.add_samples(samples)
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
