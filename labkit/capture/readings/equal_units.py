"""Finds layers whose units all have the same weights, so that they stay equal."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat
from labkit.capture.parameters import Watched
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run

_MAX_WEIGHTS = 64
_MAX_ELEMENTS = 2**18
_TOLERANCE = 1e-6
"""Largest difference between units, relative to the largest weight, that is a rounding error."""


class EqualUnits:
    """Compares the rows of weights, until they differ.

    The rows of most weights differ from the beginning, so each is compared once.
    """

    def __init__(self) -> None:
        self._different: set[str] = set()

    def read(
        self, run: Run, transfer: DeviceTransfer, step: int, entries: Sequence[Watched]
    ) -> None:
        """Compare the rows of the weights that were equal so far, or not compared yet.

        Parameters
        ----------
        run : Run
        transfer : DeviceTransfer
        step : int
        entries : sequence of Watched
            The parameters of one optimizer; those of two or more dimensions are compared.
        """
        names: list[str] = []
        found: list[torch.Tensor] = []
        for entry in entries:
            name = entry.names[0]
            if name in self._different or len(names) >= _MAX_WEIGHTS:
                continue
            weight = entry.parameter()
            if weight is None or not _can_compare(weight):
                self._different.add(name)
                continue
            rows = weight.detach().flatten(1)
            names.append(name)
            found.append((rows - rows[:1]).abs().amax() - _TOLERANCE * rows.abs().amax())
        if names:
            values = torch.stack([each.float() for each in found])
            transfer.submit(values, functools.partial(self._record, run, step, names))

    def _record(self, run: Run, step: int, names: list[str], row: NDArray[np.float32]) -> None:
        for name, difference in zip(names, row, strict=True):
            if difference <= 0:
                run.observations.equal_units[name] = step
            else:
                self._different.add(name)
                run.observations.equal_units.pop(name, None)


def _can_compare(weight: torch.Tensor) -> bool:
    return (
        weight.dim() > 1
        and len(weight) > 1
        and 0 < weight.numel() <= _MAX_ELEMENTS
        and weight.is_floating_point()
        and weight.layout is torch.strided
        and torch_compat.has_storage(weight)
        and torch_compat.holds_values(weight)
    )
