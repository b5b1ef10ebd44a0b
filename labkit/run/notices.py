"""A bounded log of notices about labkit itself, without duplicates."""

from __future__ import annotations

from labkit.run.state import Notice

_MAX_NOTICES = 20


class NoticeLog:
    """Up to 20 distinct notices, in the order in which they were added.

    The methods are safe on any thread and do not lock.

    Examples
    --------
    >>> notices = NoticeLog()
    >>> for _ in range(2):
    ...     notices.add("graph", "Switched off.")
    >>> [notice.text for notice in notices.all()]
    ['Switched off.']
    """

    def __init__(self) -> None:
        self._notices: dict[tuple[str, str], Notice] = {}

    def add(self, part: str, text: str) -> None:
        """Add a notice unless it is a duplicate or there are 20 notices already.

        Parameters
        ----------
        part : str
            The part of labkit concerned, for example ``"graph"``.
        text : str
            One sentence.
        """
        if len(self._notices) < _MAX_NOTICES:
            self._notices.setdefault((part, text), Notice(part, text))

    def remove(self, part: str, text: str) -> None:
        """Remove a notice that does not hold any more."""
        self._notices.pop((part, text), None)

    def all(self) -> tuple[Notice, ...]:
        """Return the notices, oldest first."""
        return tuple(self._notices.values())
