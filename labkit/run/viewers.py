"""Whether a page shows a run: what no page shows is read less often."""

from __future__ import annotations

import math
import time

_GONE_AFTER_SECONDS = 5.0
"""A page acknowledges every frame, and gets one a second at least."""


class Viewers:
    """The pages that show a run, as far as they acknowledge frames.

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
        self._seen_at = -math.inf

    @property
    def present(self) -> bool:
        """Whether some page acknowledged a frame in the last seconds."""
        return time.monotonic() - self._seen_at < _GONE_AFTER_SECONDS

    def acknowledge(self) -> None:
        """Record that a page shows the run now."""
        self._seen_at = time.monotonic()
