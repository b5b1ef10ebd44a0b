"""A bounded log of activation pictures: feature maps, recurrent states, gates and attention."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from labkit.run.model_input import ModelInput
from labkit.run.series.journal import Journal

PictureKind = Literal["maps", "kernels", "units", "states", "gates", "attention", "time_gradient"]
"""The content of a picture.

- ``"maps"``: the output channels of a convolution.
- ``"kernels"``: the weights of a convolution.
- ``"units"``: the outputs of a layer for some samples of the batch.
- ``"states"``, ``"gates"``: the states or gates of a recurrent layer over time.
- ``"attention"``: the attention weights of each head.
- ``"time_gradient"``: the norm of the gradient of the loss with respect to the state at each time
  step.
"""

MAX_VALUES = 8_192
"""Maximum number of values in one picture; with it, a picture and a frame fit into 64 kB."""
_MAX_BYTES = 24_000_000
_MAX_PICTURES = 32
_MIN_PICTURES = 2


@dataclass(frozen=True, eq=False)
class Picture:
    """The activations or weights of one module at one step.

    Attributes
    ----------
    module : str
        Path of the module; ``""`` for the model itself.
    kind : str
        One of `PictureKind`.
    step : int
        Optimizer step, 0 or greater.
    values : ndarray, shape (n_panels, n_rows, n_columns), dtype float32
        One panel per channel, gate, layer or head.
    panels : tuple of str
        The name of each panel.
    rows, columns : str
        The quantity along the rows and along the columns, for example ``"unit"`` and
        ``"time step"``.
    silent : tuple of int
        Indices of the panels (for maps) or columns (for units) that were zero for the whole batch.
    whole : tuple of int
        Shape of the recorded tensor before it was downsampled.
    given : ModelInput or None
        The sample of the input from which it was made; None if it is unknown, or of kernels.
    """

    module: str
    kind: PictureKind
    step: int
    values: NDArray[np.float32]
    panels: tuple[str, ...]
    rows: str
    columns: str
    silent: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    given: ModelInput | None = None

    @cached_property
    def range(self) -> tuple[float, float] | None:
        """The smallest and largest finite value; None without any."""
        finite = self.values[np.isfinite(self.values)]
        return (float(finite.min()), float(finite.max())) if finite.size else None


class ActivationLog:
    """A thread-safe log of pictures by module and kind.

    The log stores at most 32 pictures per module and kind, and 24 MB in total as long as two
    pictures of each fit. When the limit is exceeded, every second picture is discarded.

    Examples
    --------
    >>> log = ActivationLog()
    >>> for step in (1, 5, 9):
    ...     values = np.zeros((1, 2, 2), np.float32)
    ...     log.add(Picture("conv", "maps", step, values, ("0",), "height", "width"))
    >>> log.at("conv", "maps", 6).step, log.at("conv", "maps").step
    (5, 9)
    """

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, PictureKind], list[Picture]] = {}
        self._lock = threading.Lock()
        self.journal: Journal | None = None
        """Receives the modules, kinds and steps of the pictures that are added."""
        self.total = 0
        """Number of pictures added so far, including discarded ones."""

    def add(self, picture: Picture) -> None:
        """Add a picture. Its step must not be smaller than the step of the previous one."""
        with self._lock:
            stored = self._pictures.setdefault((picture.module, picture.kind), [])
            stored.append(picture)
            self.total += 1
            size = picture.values.nbytes
            if picture.given is not None:  # it may be that of no other picture any more
                size += picture.given.values.nbytes
            affordable = _MAX_BYTES // len(self._pictures) // max(1, size)
            while len(stored) > min(_MAX_PICTURES, max(_MIN_PICTURES, affordable)):
                # Keep the first and the last one as long as there are more than two.
                del stored[slice(1, -1, 2) if len(stored) > 2 else slice(1)]  # noqa: PLR2004
        if self.journal is not None:
            self.journal.add_key("activations", (picture.module, picture.kind), picture.step)

    def subjects(self) -> tuple[tuple[str, PictureKind], ...]:
        """Return the pairs of module and kind that have pictures, in the order of first use."""
        with self._lock:
            return tuple(self._pictures)

    def steps(self, module: str, kind: PictureKind) -> tuple[int, ...]:
        """Return the steps for which a picture is stored, in ascending order."""
        with self._lock:
            return tuple(picture.step for picture in self._pictures.get((module, kind), ()))

    def stored(self, module: str, kind: str, step: int) -> Picture | None:
        """Return the picture of a step; None if there is none, or it was discarded."""
        with self._lock:
            stored = self._pictures.get((module, cast("PictureKind", kind)), ())
            return next((picture for picture in stored if picture.step == step), None)

    def range(self, module: str, kind: PictureKind) -> tuple[float, float] | None:
        """Return the smallest and largest finite value of the stored pictures, None without any."""
        with self._lock:
            stored = list(self._pictures.get((module, kind), ()))
        ends = [picture.range for picture in stored if picture.range is not None]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    def at(self, module: str, kind: PictureKind, step: int | None = None) -> Picture | None:
        """Return the newest picture that is not later than a step.

        Parameters
        ----------
        module : str
            Path of the module.
        kind : str
            One of `PictureKind`.
        step : int, optional
            None for the newest picture.

        Returns
        -------
        Picture or None
            The oldest picture if all are later than `step`; None if there is none.
        """
        with self._lock:
            stored = self._pictures.get((module, kind), [])
            fitting = [p for p in stored if step is None or p.step <= step]
            return fitting[-1] if fitting else (stored[0] if stored else None)
