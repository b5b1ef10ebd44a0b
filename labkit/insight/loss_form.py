"""Recognises the loss function in a graph, where the loss of guessing follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from labkit.run import ComputationGraph, Node

_VALUE_PRESERVING = frozenset(
    {"loss", "view", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "to", "select"}
)
"""Operations that select or rearrange values, and the end of the graph."""
_CLASS_LOSSES = frozenset({"nllloss", "nllloss2d"})
_BINARY_LOSSES = frozenset({"binarycrossentropywithlogits", "binarycrossentropy"})
_SQUARED_LOSSES = frozenset({"mseloss", "huberloss", "smoothl1loss"})
_OF_GRADIENTS = "backward"
"""Part of the names of operations that compute a gradient."""
_ERROR_POWERS: Mapping[str, Literal["squared", "absolute"]] = {"pow": "squared", "abs": "absolute"}


@dataclass(frozen=True)
class LossForm:
    """A loss that is the mean over a batch of one function of outputs and targets.

    Attributes
    ----------
    kind : {"classes", "binary", "squared", "absolute"}
        Cross entropy, binary cross entropy, or the mean of squared or absolute errors.
    classes : int
        Number of classes of a cross entropy; 2 for a binary one, 0 for errors.
    output : str or None
        Path of the module that computed the output; None outside the watched modules.
    """

    kind: Literal["classes", "binary", "squared", "absolute"]
    classes: int
    output: str | None

    @property
    def guessing(self) -> float | None:
        """The loss of equal probabilities for all classes; None for errors."""
        return math.log(self.classes) if self.classes > 1 else None


def loss_form(graph: ComputationGraph, sources: Mapping[str, tuple[Node, ...]]) -> LossForm | None:
    """Return the form of the loss at the end of a graph.

    Parameters
    ----------
    graph : ComputationGraph
    sources : mapping of str to tuple of Node
        The input nodes of each node, by node id.

    Returns
    -------
    LossForm or None
        None if the loss is a sum of several terms, is weighted (as the surrogates of policy
        gradients are), goes through a gradient (as in meta-learning), or is unknown.
    """
    if any(_OF_GRADIENTS in each.op for each in graph.nodes):
        return None
    node = graph.nodes[-1] if graph.nodes else None
    while node is not None and (node.op in _VALUE_PRESERVING or node.op == "div"):
        node = _only_source(node, sources)  # gradient accumulation divides the loss
    if node is None or node.shape != ():
        return None
    if node.op in _CLASS_LOSSES:
        return _of_classes(node, sources)
    if node.op in _BINARY_LOSSES:
        return LossForm("binary", 2, _output(node, sources))
    if node.op in _SQUARED_LOSSES:
        return LossForm("squared", 0, _output(node, sources))
    return _of_errors(node, sources) if node.op == "mean" else None


def _of_errors(node: Node, sources: Mapping[str, tuple[Node, ...]]) -> LossForm | None:
    """Return the form of a mean that is written out: of (output - target) ** 2, or its size."""
    power = _only_source(node, sources)
    error = None if power is None else _only_source(power, sources)
    if power is None or power.op not in _ERROR_POWERS or error is None or error.op != "sub":
        return None
    return LossForm(_ERROR_POWERS[power.op], 0, _output(error, sources))


def _of_classes(node: Node, sources: Mapping[str, tuple[Node, ...]]) -> LossForm | None:
    before = _source_of_values(node, sources)
    if before is None or before.op != "logsoftmax" or not before.shape:
        return None
    if len(before.shape) < 2:  # noqa: PLR2004 - samples and classes
        return None
    return LossForm("classes", before.shape[1], _output(before, sources))


def _output(node: Node, sources: Mapping[str, tuple[Node, ...]]) -> str | None:
    """Return the path of the module that computed the input of a node."""
    source = _source_of_values(node, sources)
    return source.scope.partition("#")[0] if source is not None and source.scope else None


def _source_of_values(node: Node, sources: Mapping[str, tuple[Node, ...]]) -> Node | None:
    """Return the operation whose values are the input of a node; None if there are several."""
    source = _only_source(node, sources)
    while source is not None and source.op in _VALUE_PRESERVING:
        source = _only_source(source, sources)
    return source


def _only_source(node: Node, sources: Mapping[str, tuple[Node, ...]]) -> Node | None:
    """Return the operation that computed the input of a node; None if there are several."""
    found = [each for each in sources.get(node.id, ()) if each.kind == "op"]
    return found[0] if len(found) == 1 else None
