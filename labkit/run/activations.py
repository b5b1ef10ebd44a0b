"""Pictures of activations over time, of bounded size: feature maps, states, gates, attention."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

PictureKind = Literal["maps", "kernels", "units", "states", "gates", "attention", "time_gradient"]
"""What a picture shows:

``"maps"``: a convolution's output channels; ``"kernels"``: its weights; ``"units"``: a layer's
outputs for some samples; ``"states"`` and ``"gates"``: a recurrent layer's over time;
``"attention"``: weights of each head;
``"time_gradient"``: the norm of the loss's gradient with respect to the state at each time step.
"""

MOST_VALUES = 8_192
"""Numbers in one picture, so that it and a frame beside it fit into 64 kB."""
_MOST_BYTES = 24_000_000
_MOST_KEPT = 32
_FEWEST_KEPT = 2


@dataclass(frozen=True, eq=False)
class Picture:
    """What one module did at one step.

    Attributes
    ----------
    module : str
        Its path; ``""`` for the model itself.
    kind : str
        One of `PictureKind`.
    step : int
    values : ndarray, shape (n_panels, n_rows, n_columns), dtype float32
        One panel a channel, gate, layer or head.
    panels : tuple of str
        A name for each panel.
    rows, columns : str
        What runs along the rows and the columns, for example ``"unit"`` and ``"time step"``.
    silent : tuple of int
        Panels (of maps) or columns (of units) that were zero for the whole batch.
    whole : tuple of int
        The shape of what was recorded, before it was made smaller.
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


class ActivationLog:
    """Keeps pictures by module and kind; when there are too many, every second one goes.

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
        self._kept: dict[tuple[str, PictureKind], list[Picture]] = {}
        self._lock = threading.Lock()
        self.taken = 0
        """Pictures that were added, whether they are kept still or not."""

    def add(self, picture: Picture) -> None:
        """Keep a picture; its step is not smaller than those before."""
        with self._lock:
            kept = self._kept.setdefault((picture.module, picture.kind), [])
            kept.append(picture)
            self.taken += 1
            share = _MOST_BYTES // len(self._kept) // max(1, picture.values.nbytes)
            while len(kept) > min(_MOST_KEPT, max(_FEWEST_KEPT, share)):
                del kept[slice(1, -1, 2) if len(kept) > 2 else slice(1)]  # noqa: PLR2004 - ends stay

    def subjects(self) -> tuple[tuple[str, PictureKind], ...]:
        """Return modules and kinds of which there are pictures, the first seen first."""
        with self._lock:
            return tuple(self._kept)

    def steps(self, module: str, kind: PictureKind) -> tuple[int, ...]:
        """Return the steps of which there is a picture."""
        with self._lock:
            return tuple(picture.step for picture in self._kept.get((module, kind), ()))

    def range(self, module: str, kind: PictureKind) -> tuple[float, float] | None:
        """Return the least and the greatest finite value of the pictures that are kept."""
        with self._lock:
            kept = list(self._kept.get((module, kind), ()))
        finite = [p.values[np.isfinite(p.values)] for p in kept]
        ends = [(float(v.min()), float(v.max())) for v in finite if v.size]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    def at(self, module: str, kind: PictureKind, step: int | None = None) -> Picture | None:
        """Return the newest picture, or the newest that is not after a step; None without any."""
        with self._lock:
            kept = self._kept.get((module, kind), [])
            fitting = [p for p in kept if step is None or p.step <= step]
            return fitting[-1] if fitting else (kept[0] if kept else None)
