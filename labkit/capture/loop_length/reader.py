"""When the length of the loop that trains is read."""

from __future__ import annotations

import time

from labkit.capture.loop_length.bar_estimate import BarEstimate
from labkit.capture.loop_length.estimate import LoopEstimate
from labkit.capture.loop_length.nest import bars_outside, read_nest
from labkit.capture.loop_length.surroundings import Surroundings
from labkit.run import Run

_FIRST_READS = 6
"""Number of reads that do not wait, so that the length is known after the first steps."""
_INTERVAL_NS = 1_000_000_000


class LoopLengthReader:
    """Reads the length of the loop that trains from time to time.

    Must be created in a function that the creation of the run calls.
    """

    def __init__(self) -> None:
        self._surroundings = Surroundings()
        self._loops, self._bars = LoopEstimate(), BarEstimate()
        self._reads = 0
        self._next_ns = 0

    def begin_anew(self) -> None:
        """Read without a wait at the next steps, which are those of other code."""
        self._reads = 0

    def read_if_due(self, run: Run, step: int, *, is_late: bool) -> None:
        """Read the length; on the training thread, in a call from the loop.

        Parameters
        ----------
        run : Run
        step : int
            Number of completed steps.
        is_late : bool
            Whether the newest step was completed in the previous iteration of the loop.
        """
        now_ns = time.perf_counter_ns()
        if self._reads >= _FIRST_READS and now_ns < self._next_ns:
            return
        self._reads += 1
        self._next_ns = now_ns + _INTERVAL_NS
        nest = read_nest(self._surroundings)
        length = self._loops.add(step, nest, is_late=is_late)
        if nest is None:
            length = self._bars.add(step, bars_outside(self._surroundings))
        run.set_loop_length(length)
