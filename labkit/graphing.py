"""`graph`: the computation graph of a tensor, of a forward pass, or of a block of code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from labkit.capture.attach import runs_of
from labkit.capture.graph.one_shot import (
    GraphRecording,
    graph_of_call,
    graph_of_tensors,
    holding_modules,
    named_tensors,
)
from labkit.capture.inspection import SampledResults, samples_of
from labkit.capture.parameters import ParameterTable
from labkit.run import ComputationGraph
from labkit.run.background.holding import CELL_SECONDS, other_loops_held
from labkit.run.inspection import Samples

if TYPE_CHECKING:
    from labkit.views import GraphView

_EXAMPLE = "Examples: lk.graph(loss), lk.graph(model, x)."


class Recording(GraphRecording):
    """The context manager of `GraphMaker.record`.

    Parameters
    ----------
    models : mapping of str to Module, optional
        See `GraphMaker.record`.
    keep_errors : bool
        See `GraphMaker.record`.

    Attributes
    ----------
    error : Exception or None
        The exception that ended the block. Its traceback refers to the variables of the code, and
        so to tensors.
    """

    def __init__(
        self, models: Mapping[str, nn.Module] | None = None, *, keep_errors: bool = False
    ) -> None:
        super().__init__(models)
        self._samples: Samples = {}
        self._keeps_errors = keep_errors
        self.error: Exception | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        super().__exit__(kind, error, traceback)
        self._samples = samples_of(self.table(), {})
        if not isinstance(error, Exception):
            return False
        self.error = error
        return self._keeps_errors

    def view(self) -> GraphView:
        """Return a view of the graph, with samples of the parameters at the end of the block.

        Raises
        ------
        RuntimeError
            If the block has not ended.
        ImportError
            If ipywidgets or anywidget is not installed.
        """
        if self.graph is None:
            raise RuntimeError("the recording has not ended: call view() after the with block.")
        return _view(self.graph, "recorded graph", self._samples)


class GraphMaker:
    """Captures computation graphs; the public instance is ``labkit.graph``.

    Examples
    --------
    >>> import torch
    >>> from labkit.graphing import graph
    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> captured = graph.capture((3 * w) ** 2)
    >>> [node.op for node in captured.nodes]
    ['w', 'mul', 'pow', 'loss']
    """

    def __call__(
        self, target: torch.Tensor | nn.Module | Any, /, *inputs: Any, **keywords: Any
    ) -> GraphView:
        """Return a view of a graph; its attribute ``graph`` is the graph as plain data.

        The view contains values of this moment: a sample of at most 4,096 elements of each
        parameter and its gradient, and for a model also of the result of each operation. A view
        that was never displayed is garbage-collected when nothing refers to it. A displayed view
        stays alive until it is closed, or until its cell is executed again.

        Parameters
        ----------
        target : Tensor, or tuple, list or dict of Tensor; or Module
            Tensors, for the graph that computed them. Or a model, for the graph of a forward pass
            with these inputs; the model, the inputs and the states of random number generators are
            restored afterwards.
        *inputs, **keywords
            For a model: the arguments of its call, whatever their names. For tensors, two keywords
            are allowed: `model`, the model that provides the names of the parameters (by default it
            is searched among the existing modules), and `name`, the title of the view.

        Returns
        -------
        GraphView

        Raises
        ------
        TypeError
            If the target is neither a tensor nor a model, or inputs are given for a tensor.
        ImportError
            If ipywidgets or anywidget is not installed.
        Exception
            What the model itself raises. In a notebook, the graph that was built until then is
            displayed first, with the operation that failed; it is also the attribute
            ``labkit_graph`` of the exception.

        Examples
        --------
        >>> import torch
        >>> from labkit.graphing import graph
        >>> view = graph(torch.nn.Linear(3, 1), torch.ones(2, 3))
        >>> [node.op for node in view.graph.nodes]
        ['parameter', 't', 'parameter', 'addmm', 'output']
        """
        results: SampledResults = {}
        if isinstance(target, nn.Module):
            title = type(target).__name__
            with _loops_held([target]):
                try:
                    captured, results = graph_of_call(target, inputs, keywords, reads_results=True)
                except Exception as error:
                    _show_failed(target, error)
                    raise
                samples = samples_of(ParameterTable({"": target}), results)
        else:
            title = keywords.pop("name", None) or "graph"
            roots, models = _checked(target, inputs, keywords)
            with _loops_held(models.values()):
                captured = graph_of_tensors(roots, models)
                samples = samples_of(ParameterTable(models), results)
        return _view(captured, title, samples)

    def capture(
        self, target: torch.Tensor | nn.Module | Any, /, *inputs: Any, **keywords: Any
    ) -> ComputationGraph:
        """Return the graph as plain data; parameters and errors are those of a call.

        Does not require ipywidgets or anywidget.

        Examples
        --------
        >>> import torch
        >>> from labkit.graphing import graph
        >>> captured = graph.capture(torch.nn.Linear(3, 1), torch.ones(2, 3))
        >>> [node.op for node in captured.nodes]
        ['parameter', 't', 'parameter', 'addmm', 'output']
        """
        if isinstance(target, nn.Module):
            with _loops_held([target]):
                return graph_of_call(target, inputs, keywords)[0]
        return graph_of_tensors(*_checked(target, inputs, keywords))

    def record(
        self,
        model: nn.Module | Mapping[str, nn.Module] | None = None,
        *,
        keep_errors: bool = False,
    ) -> Recording:
        """Return a context manager that records the graph of the operations in its block.

        The graph includes operations whose graph was freed by `backward` or `torch.autograd.grad`
        within the block, the lines of the code, and the points at which a gradient stops. After the
        block, the attribute `graph` is the graph as plain data, and `view()` returns a view.

        If the block raises an exception, the graph contains what was built until then. The
        operation that failed is a node of kind ``"failed"``, with the error's text as its note. The
        attribute `error` is the exception.

        Parameters
        ----------
        model : Module or mapping of str to Module, optional
            The models whose module calls are recorded; by default all modules that are called.
        keep_errors : bool
            Whether an exception ends the block without being raised.

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
        >>> with graph.record(keep_errors=True) as recording:
        ...     (w * torch.ones(3)) @ torch.ones(2)
        >>> failed = recording.graph.nodes[-1]
        >>> failed.kind, failed.op
        ('failed', 'matmul')
        """
        models = model if model is None or isinstance(model, Mapping) else {"": model}
        return Recording(models, keep_errors=keep_errors)


graph = GraphMaker()


def _loops_held(models: Iterable[nn.Module]) -> AbstractContextManager[None]:
    """Block the loops that train the models on other threads, at the ends of their steps."""
    return other_loops_held(runs_of(models), seconds=CELL_SECONDS)


def _view(captured: ComputationGraph, name: str, samples: Samples) -> GraphView:
    try:
        from labkit.views import GraphView
    except ImportError as error:
        raise ImportError(
            f"a view needs packages that cannot be imported here ({error}). "
            "lk.graph.capture(...) gives the graph as plain data."
        ) from error
    return GraphView(captured, name=name, samples=samples)


def _show_failed(model: nn.Module, error: Exception) -> None:
    """Display the graph of a failed call in a notebook; what prevents this is not raised."""
    with suppress(Exception):
        from labkit.views.notebook import has_page, show

        if has_page():
            captured: ComputationGraph = error.labkit_graph  # type: ignore[attr-defined]
            samples = samples_of(ParameterTable({"": model}), {})
            show(_view(captured, f"{type(model).__name__}: failed", samples))


def _checked(
    target: torch.Tensor | Any,
    inputs: tuple[Any, ...],
    keywords: dict[str, Any],
) -> tuple[dict[str, torch.Tensor], dict[str, nn.Module]]:
    """Return the tensors of a target by name, and the models that provide parameter names.

    Raises
    ------
    TypeError
        If the target contains no tensor, or inputs are given for a tensor.
    """
    model: nn.Module | None = keywords.pop("model", None)
    match inputs:
        case (nn.Module() as given,) if model is None:
            inputs, model = (), given
    roots = named_tensors(target)
    if not roots or isinstance(target, type):
        raise TypeError(
            f"graph takes a tensor (or several in a tuple, list or dict) or a model, not "
            f"{type(target).__name__}. {_EXAMPLE}"
        )
    if inputs or keywords:
        raise TypeError(
            "graph takes inputs only with a model; a tensor has its graph already. " + _EXAMPLE
        )
    return roots, {"": model} if model is not None else holding_modules(roots)
