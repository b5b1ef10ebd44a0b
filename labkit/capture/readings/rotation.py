"""Selects tensors in rotation, so that the size of each reading is bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

Named = tuple[str, torch.Tensor]
"""The name of a parameter, and the parameter or its gradient."""


class Rotation:
    """Returns the next tensors within a size limit at each call, each tensor once per rotation.

    Parameters
    ----------
    size : callable
        Returns the size of a tensor, in the unit of the limit.

    Examples
    --------
    >>> rotation = Rotation(torch.numel)
    >>> tensors = [("a", torch.zeros(4)), ("b", torch.zeros(3)), ("c", torch.zeros(2))]
    >>> [[name for name, _ in rotation.next(tensors, limit=5)] for _ in range(3)]
    [['a'], ['b', 'c'], ['a']]
    """

    def __init__(self, size: Callable[[torch.Tensor], int]) -> None:
        self._size = size
        self._newest: str | None = None

    def next(self, tensors: Sequence[Named], limit: int) -> list[Named]:
        """Return the tensors after those of the last call, as many as fit.

        Parameters
        ----------
        tensors : sequence of (str, Tensor)
            In the same order at each call; some may be missing or new.
        limit : int
            Limit of the sum of their sizes; a larger tensor ends the list.
        """
        names = [name for name, _ in tensors]
        start = names.index(self._newest) + 1 if self._newest in names else 0
        taken: list[Named] = []
        for named in (*tensors[start:], *tensors[:start]):
            size = self._size(named[1])
            if size > limit:
                break
            limit -= size
            taken.append(named)
        if taken:
            self._newest = taken[-1][0]
        return taken
