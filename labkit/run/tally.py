"""The count of completed steps, and the newest steps' scalars until they are written.

A loop of half a millisecond a step feels every function that runs between two steps: code
that has gone cold costs twenty times what it costs warm. So the loss and the learning rates
of a few steps wait in one list, and are written together; whoever reads the run has them
written first, so nobody sees a difference.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from labkit.run.series import Block

Scalars = tuple[float, "float | Sequence[float]"]
"""The loss and the learning rates of one step."""

_NEWEST = 64


class StepTally:
    """Counts steps; one thread adds to `waiting`, any thread may have it written.

    Examples
    --------
    >>> loss, rates = Block("loss", "loss", ["loss"]), Block("lr", "lr", ["0"])
    >>> tally = StepTally()
    >>> tally.write_to(loss, rates)
    >>> tally.waiting.append((0.5, 0.1))
    >>> tally.steps, loss.points(0)[0].tolist()
    (1, [])
    >>> tally.write()
    >>> tally.steps, loss.points(0)[0].tolist()
    (1, [1])
    """

    def __init__(self) -> None:
        self.waiting: list[Scalars] = []
        """One entry per completed step that is not written yet; only ever appended to."""
        self.later: list[Callable[[], object]] = []
        """What writes the other rows that wait; only ever appended to."""
        self._written = 0
        self._newest: deque[float] = deque(maxlen=_NEWEST)
        self._lock = threading.RLock()
        self._loss: Block | None = None
        self._rates: Block | None = None

    @property
    def steps(self) -> int:
        """Completed steps, written or not."""
        with self._lock:
            return self._written + len(self.waiting)

    def restart_at(self, steps: int) -> None:
        """Write what waits and set the count."""
        with self._lock:
            self.write()
            self._written = steps

    def write_to(self, loss: Block, rates: Block | None) -> None:
        """Say where the scalars of the steps to come go; those that wait are written first."""
        with self._lock:
            self.write()
            self._loss, self._rates = loss, rates

    def write(self) -> None:
        """Move what waits into the series."""
        if not self.waiting and not self.later:
            return
        with self._lock:
            later = self.later[:]
            del self.later[: len(later)]
            for write in later:
                write()
            rows = self.waiting[:]
            if not rows:
                return
            losses = [loss for loss, _ in rows]
            self._newest.extend(losses)
            if self._loss is not None:
                self._loss.extend(self._written + 1, losses)
            if self._rates is not None:
                self._rates.extend(self._written + 1, [rates for _, rates in rows])
            self._written += len(rows)
            del self.waiting[: len(rows)]

    def take_newest(self) -> list[float]:
        """Write what waits; return the newest losses since this was last called, 64 at most.

        Whoever had them written: a loop that reads its run at every step loses none.
        """
        with self._lock:
            self.write()
            newest = list(self._newest)
            self._newest.clear()
            return newest
