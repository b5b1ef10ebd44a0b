"""How far one step moves the weights, read part by part."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.readings import norms
from labkit.capture.readings.copies import Copier
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named


class WeightCopies:
    """Copies some weights before a step and compares them afterwards; others at the next reading.

    Parameters
    ----------
    limit : MemoryLimit

    Notes
    -----
    A parameter that is larger by itself than a reading's memory is compared in 2**18 evenly spaced
    elements: the ratio of the two norms over the same elements estimates that of the whole.

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
        """Copy the weights whose turn it is, before a step.

        Parameters
        ----------
        weights : sequence of (str, Tensor)
            Names and parameters, as the optimizer holds them; in the same order at each call.
        """
        self._copier.copy(weights, again=True)

    def weight_norms(self) -> tuple[list[str], torch.Tensor]:
        """Return names and norms of those weights as they are now, shape (n,), dtype float32."""
        sources = [(copy.name, copy.source) for copy in self._copier.copies]
        present = [(name, source.detach()) for name, source in sources if source is not None]
        return [name for name, _ in present], norms.norms([weight for _, weight in present])

    def ratios(self) -> tuple[list[str], torch.Tensor]:
        """Return names and update ratios after the step, and release the copies.

        Returns
        -------
        names : list of str
        ratios : Tensor, shape (n,), dtype float32
            Norm of the difference over the norm of the weight after the step; NaN if both are 0.
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
