"""The losses of a playground over its steps, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MAX_ROWS = 1024


class History:
    """Losses by step. Of a long training, every second row is left out again and again.

    Examples
    --------
    >>> history = History()
    >>> for step in range(3000):
    ...     history.add(step, 1.0, 2.0)
    >>> rows = history.rows()
    >>> len(rows) <= 1024, rows[0].tolist()
    (True, [0.0, 1.0, 2.0])
    """

    def __init__(self) -> None:
        self._rows: list[tuple[int, float, float]] = []
        self._distance = 0
        """Least number of steps between two rows."""

    def add(self, step: int, train: float, test: float) -> None:
        """Add the losses after a step; they replace those of the same step."""
        if self._rows and step - self._rows[-1][0] < max(1, self._distance):
            if step == self._rows[-1][0]:
                self._rows[-1] = (step, train, test)
            return
        self._rows.append((step, train, test))
        if len(self._rows) > _MAX_ROWS:
            self._rows = self._rows[::2]
            self._distance = max(1, 2 * (self._rows[1][0] - self._rows[0][0]))

    def rows(self) -> NDArray[np.float64]:
        """Return steps, training losses and test losses, shape (n, 3)."""
        return np.array(self._rows, dtype=np.float64).reshape(-1, 3)
