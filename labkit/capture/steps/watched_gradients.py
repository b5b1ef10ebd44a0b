"""Compares all watched gradients, for loops that also run the passes of another model."""

from __future__ import annotations

import operator

import torch

from labkit.capture.parameters import ParameterTable
from labkit.capture.torch_compat import has_storage, tensor_version

_MAX_PARAMETERS = 64
"""With more parameters, comparing them all takes as long as a search of the graph."""

Gradients = tuple[list[torch.Tensor | None], list[int]]
"""The gradients, and the versions of those that are not None."""

_gradient_of = operator.attrgetter("grad")


class WatchedGradients:
    """Detects whether a backward pass changed any watched gradient, in a few microseconds.

    Parameters
    ----------
    table : ParameterTable
    """

    def __init__(self, table: ParameterTable) -> None:
        self._table = table
        self._known: object = None
        """The entries from which the parameters were looked up."""
        self._parameters: list[torch.Tensor] | None = None

    def read(self) -> Gradients | None:
        """Return the present gradients and their versions; None if there are too many."""
        if self._known is not self._table.watched:
            self._find()
        if self._parameters is None:
            return None
        gradients = list(map(_gradient_of, self._parameters))
        return gradients, [tensor_version(each) for each in gradients if each is not None]

    def are_unchanged(self, before: Gradients) -> bool:
        """Return whether no gradient was replaced or changed since they were read."""
        now = self.read()
        return (
            now is not None
            and now[1] == before[1]
            and len(now[0]) == len(before[0])
            and all(map(operator.is_, now[0], before[0]))
        )

    def release(self) -> None:
        """Release every tensor."""
        self._known = self._parameters = None

    def _find(self) -> None:
        self._known = self._table.watched
        found = (entry.parameter() for entry in self._table.watched)
        parameters = [p for p in found if p is not None and p.is_leaf and has_storage(p)]
        few = len(parameters) == len(self._table.watched) and len(parameters) <= _MAX_PARAMETERS
        self._parameters = parameters if few else None
