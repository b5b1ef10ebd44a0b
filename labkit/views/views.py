"""The view widgets: each specifies a run and a kind of view, which the frontend renders."""

from __future__ import annotations

from typing import ClassVar, get_args

import traitlets
from ipywidgets import widget_serialization

from labkit.run import ComputationGraph, Run
from labkit.run.inspection import Samples
from labkit.views import assets, jupyter_compat
from labkit.views.channel import RunChannel
from labkit.views.kernel import is_notebook
from labkit.views.lifetimes import ShownViews, weak_call
from labkit.views.marimo_notebook import is_marimo
from labkit.views.messages.widgets import DashboardForm
from labkit.views.page_records import PageRecord
from labkit.views.saved_output import PicturedWidget
from labkit.views.still import run_picture


class View(PicturedWidget):
    """The base class of the views of a run.

    A view that was never displayed is garbage-collected when nothing refers to it. A displayed view
    stays alive until it is closed, or until the cell that displayed it is executed again.

    Parameters
    ----------
    run : Run
        Running or ended.

    Raises
    ------
    TypeError
        If `run` is not a `Run`.
    RuntimeError
        If the frontend was not built.
    """

    kind: ClassVar[str] = ""

    view = traitlets.Unicode().tag(sync=True)
    channel = traitlets.Instance(RunChannel, allow_none=True).tag(sync=True, **widget_serialization)

    def __init__(self, run: Run) -> None:
        self._open(run)

    def _open(self, run: Run, **state: object) -> None:
        """Open the widget with the state that its kind has beyond that of every view."""
        if not isinstance(run, Run):
            raise TypeError(
                f"{type(self).__name__} takes a Run, not {type(run).__name__}. "
                f"Example: lk.{type(self).__name__}(lk.watch(model, show=False))"
            )
        self.run = run
        channel = RunChannel.of(run)
        super().__init__(view=self.kind, channel=channel, _esm=assets.loader_source(), **state)
        channel.add_view(self.model_id, self.kind)

    def close(self) -> None:
        """Close the view on every page; the last view of a run also closes its channel."""
        if self.comm is None:
            return
        model_id, channel = self.model_id, self.channel
        super().close()
        self.channel = None
        ShownViews.remove(model_id)
        if channel is not None:
            channel.remove_view(model_id)

    def _push_more(self, page: PageRecord) -> None:
        """Send a page what the view needs besides scripts and a snapshot: nothing."""

    def _on_display(self) -> None:
        if is_notebook():
            ShownViews.add(self)
            if not self.run.closed:
                self.run.on_close(weak_call(self.update_picture))
        elif is_marimo():
            jupyter_compat.hold_by_comm(self)
        if self.channel is not None and (is_notebook() or is_marimo()):
            self.channel.view_displayed(self.kind, self._push_more)

    def _picture(self) -> dict[str, str]:
        return {
            "text/plain": run_picture.text(self.run),
            "image/svg+xml": run_picture.svg(self.run, self.kind),
        }

    def _revision(self) -> object:
        return run_picture.revision(self.run)

    def _is_complete(self) -> bool:
        return self.run.closed

    def _is_changing(self) -> bool:
        return self.run.status == "running"


class Dashboard(View):
    """All views of a run and its controls in one widget.

    Parameters
    ----------
    run : Run
        Running or ended.
    form : {"whole", "compact"}, optional
        All cards, or one line and the curve of the loss. By default the form that was last chosen
        in the browser. A button of the dashboard changes between both.

    Raises
    ------
    TypeError
        If `run` is not a `Run`.
    ValueError
        If there is no such form.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = Dashboard(Run("demo"), form="compact")
    >>> view.kind, view.form
    ('dashboard', 'compact')
    >>> view.close()
    """

    kind = "dashboard"

    form = traitlets.Unicode(default_value=None, allow_none=True).tag(sync=True)

    def __init__(self, run: Run, *, form: DashboardForm | None = None) -> None:
        if form is not None and form not in get_args(DashboardForm):
            raise ValueError(
                f"Dashboard takes 'whole', 'compact' or None as form, not {form!r}. "
                "Example: lk.Dashboard(run, form='compact')"
            )
        self._open(run, form=form)


class CurvesView(View):
    """Curves of the loss and of the logged metrics over steps.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = CurvesView(Run("demo"))
    >>> view.kind
    'curves'
    >>> view.close()
    """

    kind = "curves"


class GradientView(View):
    """Gradient norms, weight norms and update ratios of all parameters over steps.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = GradientView(Run("demo"))
    >>> view.kind
    'gradients'
    >>> view.close()
    """

    kind = "gradients"


class GraphView(View):
    """The computation graph, with foldable modules.

    Parameters
    ----------
    source : Run or ComputationGraph
        For a run, the view displays its latest graph.
    name : str
        Title of the view of a `ComputationGraph`.
    samples : mapping of str to Sampled, optional
        Sampled values for a `ComputationGraph`, by parameter name or node id.

    Raises
    ------
    TypeError
        If `source` is neither a `Run` nor a `ComputationGraph`.

    Examples
    --------
    >>> from labkit.run import ComputationGraph
    >>> view = GraphView(ComputationGraph(nodes=(), edges=(), modules=()), name="empty")
    >>> view.graph.nodes
    ()
    >>> view.close()
    """

    kind = "graph"

    def __init__(
        self,
        source: Run | ComputationGraph,
        *,
        name: str = "graph",
        samples: Samples | None = None,
    ) -> None:
        self._owns_run = isinstance(source, ComputationGraph)
        if isinstance(source, ComputationGraph):
            source = _run_with_graph(source, name, samples or {})
        super().__init__(source)

    def close(self) -> None:
        """Close the view on every page, and release the samples of a `ComputationGraph`."""
        super().close()
        if self._owns_run:
            self.run.add_samples({})

    @property
    def graph(self) -> ComputationGraph | None:
        """The displayed graph as plain data; None if there is none yet."""
        return self.run.graph


def _run_with_graph(graph: ComputationGraph, name: str, samples: Samples) -> Run:
    """Return an ended run that contains only a graph and samples of its tensors."""
    run = Run(name)
    run.add_graph(graph)
    run.add_samples(samples)
    run.close()
    return run


class FindingsView(View):
    """The findings of a run: problems with their causes and advice.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = FindingsView(Run("demo"))
    >>> view.kind
    'findings'
    >>> view.close()
    """

    kind = "findings"


class ActivationView(View):
    """Activations of the modules: statistics over steps, feature maps, kernels, states and gates.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = ActivationView(Run("demo"))
    >>> view.kind
    'activations'
    >>> view.close()
    """

    kind = "activations"


class SamplesView(View):
    """The images, texts and figures that were logged with `Run.log`, each with a slider over steps.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = SamplesView(Run("demo"))
    >>> view.kind
    'samples'
    >>> view.close()
    """

    kind = "samples"


class LayersView(View):
    """A table of the modules: class, output shape, parameters, costs, norms, dead and saturated.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = LayersView(Run("demo"))
    >>> view.kind
    'layers'
    >>> view.close()
    """

    kind = "layers"


class Controls(View):
    """The progress of a run, and buttons that pause, resume, step and stop its loop.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = Controls(Run("demo"))
    >>> view.kind
    'controls'
    >>> view.close()
    """

    kind = "controls"
