"""What labkit has to say about itself in a run: each sentence once, and not too many."""

from __future__ import annotations

from labkit.run.state import Notice

_MOST = 20


class NoticeLog:
    """Notices in the order in which they were added; usable on any thread, without a lock.

    Examples
    --------
    >>> notices = NoticeLog()
    >>> for _ in range(2):
    ...     notices.add("graph", "Switched off.")
    >>> [notice.text for notice in notices.all()]
    ['Switched off.']
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Notice] = {}

    def add(self, part: str, text: str) -> None:
        """Add a notice if it is new; after the first 20 nothing is added."""
        if len(self._kept) < _MOST:
            self._kept.setdefault((part, text), Notice(part, text))

    def all(self) -> tuple[Notice, ...]:
        """Return the notices, the oldest first."""
        return tuple(self._kept.values())
