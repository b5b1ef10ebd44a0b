"""The gradients of all watched parameters, where another model's passes come between theirs."""

from __future__ import annotations

import operator

import torch

from labkit.capture.parameters import ParameterTable
from labkit.capture.torch_compat import has_storage, tensor_version

_MOST = 64
"""With more parameters, to search the graph of a pass takes no longer than to look at them all."""

Gradients = tuple[list[torch.Tensor | None], list[int]]
"""The gradients and the versions of those there are."""

_gradient_of = operator.attrgetter("grad")


class WatchedGradients:
    """Shows whether a backward pass reached any watched parameter, at a few microseconds a pass.

    Parameters
    ----------
    table : ParameterTable
    """

    def __init__(self, table: ParameterTable) -> None:
        self._table = table
        self._known: object = None
        """What the parameters were looked up from."""
        self._parameters: list[torch.Tensor] | None = None

    def read(self) -> Gradients | None:
        """Return the gradients and their versions as they are; None if there are too many."""
        if self._known is not self._table.watched:
            self._find()
        if self._parameters is None:
            return None
        gradients = list(map(_gradient_of, self._parameters))
        return gradients, [tensor_version(each) for each in gradients if each is not None]

    def are_still(self, before: Gradients) -> bool:
        """Return whether no gradient is another one, or was changed, since they were read."""
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
        few = len(parameters) == len(self._table.watched) and len(parameters) <= _MOST
        self._parameters = parameters if few else None
