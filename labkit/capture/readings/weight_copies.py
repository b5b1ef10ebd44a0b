"""Update ratios of weights, for some parameters at each reading."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.readings import norms
from labkit.capture.readings.copies import Copier
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named


class WeightCopies:
    """Copies some weights before a step and compares them after it, in rotation.

    Parameters
    ----------
    limit : MemoryLimit

    Notes
    -----
    If a parameter exceeds the memory of one reading, 2**18 evenly spaced elements are compared. The
    ratio of their two norms is an estimate of the ratio for all elements.

    Examples
    --------
    >>> weight = torch.tensor([3.0, 4.0])
    >>> copies = WeightCopies(MemoryLimit(0))
    >>> copies.copy([("weight", weight)])
    >>> _ = weight.mul_(2)
    >>> copies.ratios()
    (['weight'], tensor([0.5000]))
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._copier = Copier(limit)

    def copy(self, weights: Sequence[Named]) -> None:
        """Copy the next weights before a step.

        Parameters
        ----------
        weights : sequence of (str, Tensor)
            Names and parameters of the optimizer, in the same order at each call.
        """
        self._copier.copy(weights, keep_source=True)

    def weight_norms(self) -> tuple[list[str], torch.Tensor]:
        """Return the names and the present norms of the copied weights.

        Returns
        -------
        names : list of str
        norms : Tensor, shape (n,), dtype float32
        """
        sources = [(copy.name, copy.source) for copy in self._copier.copies]
        present = [(name, source.detach()) for name, source in sources if source is not None]
        return [name for name, _ in present], norms.norms([weight for _, weight in present])

    def ratios(self) -> tuple[list[str], torch.Tensor]:
        """Return the names and update ratios after the step, and release the copies.

        Returns
        -------
        names : list of str
        ratios : Tensor, shape (n,), dtype float32
            Norm of the update divided by the norm of the weight after the step; NaN if both are 0.
        """
        pairs = [(copy, copy.elements_of(copy.source)) for copy in self._copier.release()]
        fitting = [(copy, now) for copy, now in pairs if now is not None]
        differences = [copy.elements for copy, _ in fitting]
        weights = [now for _, now in fitting]
        torch_compat.foreach_subtract(differences, weights)
        return [copy.name for copy, _ in fitting], norms.norms(differences) / norms.norms(weights)

    def release(self) -> None:
        """Drop the copies."""
        self._copier.release()
