"""Whether a page displays a run; a run that no page displays is read less often."""

from __future__ import annotations

import math
import time

_GONE_AFTER_SECONDS = 5.0
"""A page acknowledges every frame, and receives at least one frame per second."""


class Viewers:
    """Tracks whether a page displays a run, from the acknowledgements of frames.

    Examples
    --------
    >>> viewers = Viewers()
    >>> viewers.present
    False
    >>> viewers.acknowledge()
    >>> viewers.present
    True
    """

    def __init__(self) -> None:
        self._acknowledged_at = -math.inf

    @property
    def present(self) -> bool:
        """Whether a page acknowledged a frame within the last five seconds."""
        return time.monotonic() - self._acknowledged_at < _GONE_AFTER_SECONDS

    def acknowledge(self) -> None:
        """Record that a page acknowledged a frame now."""
        self._acknowledged_at = time.monotonic()
