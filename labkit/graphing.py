"""`graph`: the computation graph of a tensor, of a model's forward pass, or of any code."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from labkit.capture.graph.one_shot import (
    GraphRecording,
    graph_of_call,
    graph_of_tensors,
    holding_modules,
    named_tensors,
)
from labkit.capture.inspection import samples_of
from labkit.capture.parameters import ParameterTable
from labkit.run import ComputationGraph
from labkit.run.inspection import Sample, Samples

if TYPE_CHECKING:
    from labkit.views import GraphView

_EXAMPLE = "Examples: lk.graph(loss), lk.graph(model, x)."


class Recording(GraphRecording):
    """What ``with lk.graph.record() as g`` gives: `graph` after the block, `view()` to see it."""

    def __init__(self, models: Mapping[str, nn.Module] | None = None) -> None:
        super().__init__(models)
        self._samples: Samples = {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._samples = samples_of(self.table(), {})

    def view(self) -> GraphView:
        """Return the graph as a view, with samples of the parameters from the block's end.

        Raises
        ------
        RuntimeError
            If the block has not ended yet.
        """
        if self.graph is None:
            raise RuntimeError("the recording has not ended: call view() after the with block.")
        return _view(self.graph, "recorded graph", self._samples)


class GraphMaker:
    """Makes graphs; public as ``labkit.graph``.

    Examples
    --------
    >>> import torch
    >>> from labkit.graphing import graph
    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> made = graph.capture((3 * w) ** 2)
    >>> [node.op for node in made.nodes]
    ['w', 'mul', 'pow', 'loss']
    """

    def __call__(
        self,
        target: torch.Tensor | nn.Module | Any,
        *inputs: Any,
        model: nn.Module | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> GraphView:
        """Return a view of a graph; the plain data is its ``graph``.

        The view shows values as they are now: a sample of at most 4,096 elements of each
        parameter, of its gradient, and with a model of each operation's result. It reads the model
        no more. A view that was never displayed goes with its last reference; one that was is
        there until it is closed or its cell is run again.

        Parameters
        ----------
        target : Tensor, or tuple, list or dict of Tensor; or Module
            What was computed: the graph behind it. Or a model: the graph that its forward pass
            with these inputs builds; random state and buffers are put back.
        *inputs, **kwargs
            What the model is called with.
        model : Module, optional
            Names the parameters of a tensor's graph; found by itself among living modules.
        name : str, optional
            Title of the view.

        Returns
        -------
        GraphView

        Raises
        ------
        TypeError
            If the target is neither a tensor nor a model, or inputs come with a tensor.

        Examples
        --------
        >>> import torch
        >>> from labkit.graphing import graph
        >>> view = graph(torch.nn.Linear(3, 1), torch.ones(2, 3))
        >>> [node.op for node in view.graph.nodes]
        ['parameter', 't', 'parameter', 'addmm', 'output']
        """
        results: Mapping[str, Sample | None] = {}
        if isinstance(target, nn.Module):
            models = {"": target}
            made, results = graph_of_call(target, inputs, kwargs, reads_results=True)
        else:
            roots, models = _checked(target, inputs, model, kwargs)
            made = graph_of_tensors(roots, models)
        samples = samples_of(ParameterTable(models), results)
        return _view(made, name or _title(target), samples)

    def capture(
        self,
        target: torch.Tensor | nn.Module | Any,
        *inputs: Any,
        model: nn.Module | None = None,
        **kwargs: Any,
    ) -> ComputationGraph:
        """Return the graph as plain data; takes what a call takes, and needs no widgets."""
        if isinstance(target, nn.Module):
            return graph_of_call(target, inputs, kwargs)[0]
        return graph_of_tensors(*_checked(target, inputs, model, kwargs))

    def record(self, model: nn.Module | Mapping[str, nn.Module] | None = None) -> Recording:
        """Record the graph that the code of a ``with`` block builds.

        What `backward` or `torch.autograd.grad` uses up within the block is seen too, and so are
        the lines of the code and the places where a gradient stops.

        Parameters
        ----------
        model : Module or mapping of str to Module, optional
            Whose calls are drawn as boxes; by default those of every module that is called.

        Examples
        --------
        >>> import torch
        >>> from labkit.graphing import graph
        >>> w = torch.tensor(2.0, requires_grad=True)
        >>> with graph.record() as recording:
        ...     loss = (w * w.detach()).exp()
        ...     loss.backward()
        >>> [node.op for node in recording.graph.nodes]
        ['w', 'detach', 'mul', 'exp', 'loss']
        """
        if model is None or isinstance(model, Mapping):
            return Recording(model)
        return Recording({"": model})


graph = GraphMaker()


def _view(made: ComputationGraph, name: str, samples: Samples) -> GraphView:
    try:
        from labkit.views import GraphView
    except ImportError as error:
        raise ImportError(
            "a view needs ipywidgets and anywidget, which are not installed here. "
            "lk.graph.capture(...) gives the graph as plain data."
        ) from error
    return GraphView(made, name=name, samples=samples)


def _checked(
    target: torch.Tensor | Any,
    inputs: tuple[Any, ...],
    model: nn.Module | None,
    kwargs: Mapping[str, Any],
) -> tuple[dict[str, torch.Tensor], dict[str, nn.Module]]:
    """Return the tensors that are meant, and the models that name their parameters.

    Raises
    ------
    TypeError
        If there is no tensor, or inputs come with one.
    """
    match inputs:
        case (nn.Module() as given,) if model is None:
            inputs, model = (), given
    roots = named_tensors(target)
    if not roots or isinstance(target, type):
        raise TypeError(
            f"graph takes a tensor (or several in a tuple, list or dict) or a model, not "
            f"{type(target).__name__}. {_EXAMPLE}"
        )
    if inputs or kwargs:
        raise TypeError(
            "graph takes inputs only with a model; a tensor has its graph already. " + _EXAMPLE
        )
    return roots, {"": model} if model is not None else holding_modules(roots)


def _title(target: object) -> str:
    return type(target).__name__ if isinstance(target, nn.Module) else "graph"
