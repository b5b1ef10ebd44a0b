"""What is called when a run ends: each part once, whatever the others raise."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from labkit.run.error_text import described
from labkit.run.notices import NoticeLog

Closer = Callable[[], None]


class Closers:
    """Functions to call when a run ends, in the order in which they were added.

    No lock is held while one runs. What one raises becomes a notice, and the others are called all
    the same; an interrupt is raised when all have been called.

    Parameters
    ----------
    notices : NoticeLog

    Examples
    --------
    >>> closers = Closers(NoticeLog())
    >>> remove = closers.add(lambda: print("closed"))
    >>> closers.call()
    closed
    >>> closers.call()
    """

    def __init__(self, notices: NoticeLog) -> None:
        self._notices = notices
        self._waiting: deque[tuple[Closer]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, closer: Closer) -> Callable[[], None]:
        """Add a function; return one that removes it, which does nothing once it was called."""
        entry = (closer,)
        self._waiting.append(entry)
        remove = weakref.WeakMethod(self._remove)

        def take_back() -> None:
            alive = remove()
            if alive is not None:
                alive(entry)

        return take_back

    def call(self) -> None:
        """Call each function once; raise an interrupt when all have been called."""
        interrupt: BaseException | None = None
        while self._waiting:
            try:
                self._call_next()
            except BaseException as error:  # noqa: BLE001 - raised below
                interrupt = interrupt or error
        if interrupt is not None:
            raise interrupt

    def _remove(self, entry: tuple[Closer]) -> None:
        with suppress(ValueError):
            self._waiting.remove(entry)

    def _call_next(self) -> None:
        try:
            (closer,) = self._waiting.popleft()
        except IndexError:  # another thread took it
            return
        try:
            closer()
        except Exception as error:  # noqa: BLE001 - the others have to be called, too
            text = f"A part did not close in order: {described(error)}."
            self._notices.add("closing", text)
