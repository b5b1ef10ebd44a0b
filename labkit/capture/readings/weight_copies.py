"""Update ratios of weights, some parameters at each reading."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.readings import norms
from labkit.capture.readings.copies import Copier
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named


class WeightCopies:
    """Copies some weights before a step and compares them after it; others at the next reading.

    Parameters
    ----------
    limit : MemoryLimit

    Notes
    -----
    Of a parameter that exceeds the memory of one reading, 2**18 evenly spaced elements are
    compared: the ratio of the two norms over them is an estimate of that over all elements.

    Examples
    --------
    >>> weight = torch.tensor([3.0, 4.0])
    >>> copies = WeightCopies(MemoryLimit(0))
    >>> copies.take([("weight", weight)])
    >>> _ = weight.mul_(2)
    >>> copies.ratios()
    (['weight'], tensor([0.5000]))
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._copier = Copier(limit)

    def take(self, weights: Sequence[Named]) -> None:
        """Copy the next weights, before a step.

        Parameters
        ----------
        weights : sequence of (str, Tensor)
            Names and parameters, as the optimizer holds them; in the same order at each call.
        """
        self._copier.copy(weights, again=True)

    def weight_norms(self) -> tuple[list[str], torch.Tensor]:
        """Return names and present norms of the weights that were copied.

        Returns
        -------
        names : list of str
        norms : Tensor, shape (n,), dtype float32
        """
        sources = [(copy.name, copy.source) for copy in self._copier.copies]
        present = [(name, source.detach()) for name, source in sources if source is not None]
        return [name for name, _ in present], norms.norms([weight for _, weight in present])

    def ratios(self) -> tuple[list[str], torch.Tensor]:
        """Return names and update ratios after the step, and release the copies.

        Returns
        -------
        names : list of str
        ratios : Tensor, shape (n,), dtype float32
            Norm of the update over the norm of the weight after the step; NaN if both are 0.
        """
        pairs = [(copy, copy.again(copy.source)) for copy in self._copier.release()]
        fitting = [(copy, now) for copy, now in pairs if now is not None]
        moved = [copy.elements for copy, _ in fitting]
        weights = [now for _, now in fitting]
        torch_compat.foreach_subtract(moved, weights)
        return [copy.name for copy, _ in fitting], norms.norms(moved) / norms.norms(weights)

    def release(self) -> None:
        """Drop the copies."""
        self._copier.release()
