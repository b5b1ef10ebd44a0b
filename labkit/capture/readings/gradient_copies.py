"""Copies of gradients, for comparison with the gradients of the next step or pass."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.elements import in_pieces
from labkit.capture.readings.copies import Copier
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named


class PreviousGradients:
    """Copies some gradients of one step, for the cosine with those of the next step.

    Parameters
    ----------
    limit : MemoryLimit
        Gradients that do not fit are read in later steps. If a single gradient exceeds the limit,
        2**18 evenly spaced elements of it are compared.
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._copier = Copier(limit)

    @property
    def waiting(self) -> bool:
        """Whether there are copies to be compared with the gradients of the next step."""
        return bool(self._copier.copies)

    def copy(self, gradients: Sequence[Named]) -> None:
        """Copy the next gradients."""
        self._copier.copy(gradients, keep_source=False)

    def cosines(self, gradients: Sequence[Named]) -> tuple[list[str], torch.Tensor]:
        """Return the cosines of the copies with the present gradients, and release the copies.

        Returns
        -------
        names : list of str
        cosines : Tensor, shape (n,), dtype float32
            From -1 to 1; NaN if a gradient is zero. Gradients that no longer exist are omitted.
        """
        now = dict(gradients)
        pairs = [
            (copy, found)
            for copy in self._copier.release()
            if copy.name in now and (found := copy.elements_of(now[copy.name])) is not None
        ]
        names = [copy.name for copy, _ in pairs]
        return names, _stacked([_cosine(copy.elements, found) for copy, found in pairs])

    def release(self) -> None:
        """Drop the copies."""
        self._copier.release()


class GradientNoise:
    """Sums over the backward passes of one step, for the gradient noise scale.

    Parameters
    ----------
    limit : MemoryLimit
        Gradients that do not fit are read in later steps.

    Notes
    -----
    The gradients are assumed to be cleared before the first pass of a step.
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._copier = Copier(limit)
        self._squares: torch.Tensor | None = None
        self._passes = 0

    def add_pass(self, gradients: Sequence[Named]) -> None:
        """Add the gradients of one of several backward passes of a step."""
        if self._passes == 0:
            self._copier.copy(gradients, keep_source=False)
            self._squares = _stacked([_square(copy.elements) for copy in self._copier.copies])
        else:
            found = self._found(gradients)
            if found is None or self._squares is None:
                self.release()
                return
            for copy, now in zip(self._copier.copies, found, strict=True):
                copy.elements.sub_(now)
            self._squares = self._squares + _stacked(
                [_square(copy.elements) for copy in self._copier.copies]
            )
            for copy, now in zip(self._copier.copies, found, strict=True):
                copy.elements.copy_(now)
        self._passes += 1

    def scales(self, gradients: Sequence[Named]) -> tuple[list[str], torch.Tensor] | None:
        """Return the gradient noise scale of the copied parameters, and release the copies.

        The noise scale is the trace of the covariance of one pass's gradient, divided by the square
        of the true gradient: the number of passes whose mean gradient has as much noise as signal.
        Both are estimated without bias from the passes of one step (McCandlish et al. 2018,
        arXiv:1812.06162, appendix A).

        Returns
        -------
        names : list of str
        scales : Tensor, shape (n,), dtype float32
            Numbers of passes; NaN if the estimated signal is not positive. None instead of the
            tuple for fewer than two passes.
        """
        squares, passes, found = self._squares, self._passes, self._found(gradients)
        names = [copy.name for copy in self._copier.copies]
        self.release()
        if squares is None or found is None or passes < 2:  # noqa: PLR2004 - one has no deviation
            return None
        each = squares / passes
        mean = _stacked([_square(now) for now in found]) / passes**2
        signal = (passes * mean - each) / (passes - 1)
        noise = (each - mean) * passes / (passes - 1)
        return names, torch.where(signal > 0, noise / signal, torch.nan)

    def release(self) -> None:
        """Drop the copies."""
        self._copier.release()
        self._squares, self._passes = None, 0

    def _found(self, gradients: Sequence[Named]) -> list[torch.Tensor] | None:
        """Return the same elements of the present gradients; None if one is missing."""
        now = dict(gradients)
        found = []
        for copy in self._copier.copies:
            again = copy.elements_of(now[copy.name]) if copy.name in now else None
            if again is None:
                return None
            found.append(again)
        return found


def _stacked(values: list[torch.Tensor]) -> torch.Tensor:
    """Return scalars as one tensor, shape (n,), on the device of the first one."""
    if not values:
        return torch.zeros(0, device="cpu")
    return torch.stack([value.to(values[0].device) for value in values])


def _cosine(before: torch.Tensor, now: torch.Tensor) -> torch.Tensor:
    product = _dot(before, now)
    return product / (_square(before).sqrt() * _square(now).sqrt())


def _square(values: torch.Tensor) -> torch.Tensor:
    return _dot(values, values)


def _dot(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the inner product, shape (), dtype float32; half precision is converted in pieces."""
    if not left.numel():
        return torch.zeros((), device=left.device)
    parts = zip(in_pieces(left), in_pieces(right), strict=True)
    return torch.stack([torch.dot(a.float(), b.float()) for a, b in parts]).sum()
