"""Gradients that are kept for a moment, to compare them with those that come next."""

from __future__ import annotations

from collections.abc import Sequence

import torch

_MOST_BYTES = 256 * 2**20
Gradients = Sequence[torch.Tensor | None]


class GradientMemory:
    """Copies of one step's gradients, and sums over the passes of one step."""

    def __init__(self) -> None:
        self._kept: list[torch.Tensor | None] | None = None
        self._before: list[torch.Tensor | None] | None = None
        self._squares: torch.Tensor | None = None
        self._passes = 0

    @property
    def keeps(self) -> bool:
        """Whether gradients are kept that the next step's can be compared with."""
        return self._kept is not None

    def keep(self, gradients: Gradients) -> None:
        """Copy gradients, unless they are too large."""
        self._kept = _copies(gradients)

    def cosines(self, gradients: Gradients) -> torch.Tensor | None:
        """Return the cosine between each kept gradient and the one that came now; forget the kept.

        Returns
        -------
        Tensor or None, shape (n_parameters,), dtype float32
            NaN where one is missing or zero; None if nothing was kept.
        """
        kept, self._kept = self._kept, None
        if kept is None or len(kept) != len(gradients):
            return None
        return torch.stack([_cosine(a, b) for a, b in zip(kept, gradients, strict=True)])

    def add_pass(self, gradients: Gradients) -> None:
        """Take in what one of several backward passes of a step has added to the gradients."""
        before, now = self._before, _copies(gradients)
        if now is None:
            self.forget_passes()
            return
        pairs = zip(now, before or [None] * len(now), strict=True)
        squares = torch.stack([_square_of_difference(a, b) for a, b in pairs])
        self._squares = squares if self._squares is None else self._squares + squares
        self._before = now
        self._passes += 1

    def noise_scales(self, gradients: Gradients) -> torch.Tensor | None:
        """Return the gradient noise scale of each parameter, and begin anew.

        The trace of the covariance of one pass's gradient over the square of the true gradient:
        so many passes must be averaged until signal and noise are even. Both are estimated without
        bias from the passes of one step (McCandlish et al. 2018, arXiv:1812.06162, appendix A).

        Returns
        -------
        Tensor or None, shape (n_parameters,), dtype float32, in passes
            NaN where the noise hides the gradient; None for fewer than two passes.
        """
        squares, passes = self._squares, self._passes
        self.forget_passes()
        if squares is None or passes < 2:  # noqa: PLR2004 - one pass has no spread
            return None
        each = squares / passes
        mean = torch.stack([_square_of_difference(g, None) for g in gradients]) / passes**2
        signal = (passes * mean - each) / (passes - 1)
        noise = (each - mean) * passes / (passes - 1)
        return torch.where(signal > 0, noise / signal, torch.nan)

    def forget_passes(self) -> None:
        """Let go of the passes' copies."""
        self._before, self._squares, self._passes = None, None, 0

    def forget(self) -> None:
        """Let go of every tensor."""
        self._kept = None
        self.forget_passes()


def _copies(gradients: Gradients) -> list[torch.Tensor | None] | None:
    present = [g for g in gradients if g is not None]
    if sum(g.numel() * g.element_size() for g in present) > _MOST_BYTES:
        return None
    return [None if g is None else _flat(g).clone() for g in gradients]


def _flat(gradient: torch.Tensor) -> torch.Tensor:
    values = gradient.detach()
    values = values.to_dense() if values.layout is not torch.strided else values
    values = torch.view_as_real(values) if values.is_complex() else values
    return values.float().reshape(-1)


def _cosine(a: torch.Tensor | None, b: torch.Tensor | None) -> torch.Tensor:
    if a is None or b is None:
        known = a if a is not None else b
        return torch.full((), torch.nan, device=None if known is None else known.device)
    other = _flat(b)
    product: torch.Tensor = torch.linalg.vector_norm(a) * torch.linalg.vector_norm(other)
    return torch.dot(a, other) / product


def _square_of_difference(now: torch.Tensor | None, before: torch.Tensor | None) -> torch.Tensor:
    if now is None:
        return torch.zeros(())
    values = _flat(now)
    values = values if before is None else values - before
    return torch.dot(values, values)
