"""Whether anybody looks at a run, so that what nobody sees is read less often."""

from __future__ import annotations

import math
import time

_GONE_AFTER_SECONDS = 5.0
"""A page tells of itself with every frame, and gets one a second at least."""


class Audience:
    """The pages that show a run, as far as they tell of themselves.

    Examples
    --------
    >>> audience = Audience()
    >>> audience.present
    False
    >>> audience.heard()
    >>> audience.present
    True
    """

    def __init__(self) -> None:
        self._heard_at = -math.inf

    @property
    def present(self) -> bool:
        """Whether some page has told of itself in the last seconds."""
        return time.monotonic() - self._heard_at < _GONE_AFTER_SECONDS

    def heard(self) -> None:
        """Note that a page shows the run now."""
        self._heard_at = time.monotonic()
