"""Determines that the acknowledgements of a page wait, while a cell trains, for the cell's end."""

from __future__ import annotations

import math

_SILENT_SECONDS = 2.5
"""Time without an acknowledgement after which they wait, in s; a page sends one each second."""
_PRESENT_SECONDS = 10.0
"""Time without an acknowledgement after which no page may be there, in s."""


class AcknowledgementWatch:
    """Compares acknowledgements between cells with those while a cell trains.

    A page that has acknowledged frames between cells, never in one, and stops when a loop begins to
    train on the kernel's main thread, is there, but its messages wait. Times are readings of a
    monotonic clock, in s.

    Examples
    --------
    >>> watch = AcknowledgementWatch()
    >>> watch.acknowledged(10.0, arrives_in_cells=False)
    >>> watch.waits(11.0), watch.waits(13.0)
    (False, True)
    """

    def __init__(self) -> None:
        self._last = -math.inf
        """Time of the last acknowledgement of a page whose messages arrive between cells only."""

    def acknowledged(self, now: float, *, arrives_in_cells: bool) -> None:
        """Record an acknowledgement.

        Parameters
        ----------
        now : float
        arrives_in_cells : bool
            Whether the page has ever sent a message that was handled while a cell was running.
        """
        self._last = -math.inf if arrives_in_cells else now

    def waits(self, now: float) -> bool:
        """Return whether acknowledgements wait; for a loop on the main thread that trains now."""
        return _SILENT_SECONDS < now - self._last < _PRESENT_SECONDS
