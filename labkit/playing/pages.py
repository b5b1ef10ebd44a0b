"""Which pages show a playground, and how many frames are on their way to them."""

from __future__ import annotations

import math
from collections import deque
from threading import Lock

SIGHT_SECONDS = 3.5
"""Time after the last report of a page, which sends one each second, until it counts as gone."""
_MAX_ON_THE_WAY = 12
_ANSWER_EVERY = 6
_SLOW_SECONDS = 0.25
"""Delay of an answer from which one frame at a time is on its way."""
_LOST_SECONDS = 2.0
_MAX_PAGES = 32


class Pages:
    """Decides whether a frame may be sent, from what pages report. Times are in s.

    Of several pages, the one that is the first to answer counts. Pages report on another thread
    than the one that sends.

    Examples
    --------
    >>> pages = Pages()
    >>> pages.report("a", visible=True, number=0, now=0.0)
    >>> pages.may_send(0.0), pages.send(0.0)
    (True, (1, False))
    """

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._on_the_way: deque[tuple[int, float]] = deque()
        self._number = 0
        self._delay = 0.0
        self._sent_at = -math.inf
        self._lock = Lock()

    def report(self, page: str, *, visible: bool, number: int, now: float) -> None:
        """Record that a page is in sight or not, and which frame it has drawn last."""
        with self._lock:
            self._seen.pop(page, None)
            if visible:
                self._seen[page] = now
                while len(self._seen) > _MAX_PAGES:
                    self._seen.pop(next(iter(self._seen)))
            while self._on_the_way and self._on_the_way[0][0] <= number:
                self._delay = now - self._on_the_way.popleft()[1]

    def is_shown(self, now: float) -> bool:
        """Return whether a page shows the playground."""
        with self._lock:
            return any(now - seen < SIGHT_SECONDS for seen in self._seen.values())

    def may_send(self, now: float) -> bool:
        """Return whether no page would fall behind by a further frame."""
        with self._lock:
            most = 1 if self._delay > _SLOW_SECONDS else _MAX_ON_THE_WAY
            if now - self._sent_at > _LOST_SECONDS:
                self._on_the_way.clear()
            return len(self._on_the_way) < most

    def send(self, now: float) -> tuple[int, bool]:
        """Record a frame; return its number, and whether the page has to answer at once."""
        with self._lock:
            self._number += 1
            self._on_the_way.append((self._number, now))
            self._sent_at = now
            is_slow = self._delay > _SLOW_SECONDS
            return self._number, is_slow or self._number % _ANSWER_EVERY == 0
