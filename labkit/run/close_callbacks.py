"""Callbacks that run once when a run ends."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from labkit.run.error_text import described
from labkit.run.notices import NoticeLog

CloseCallback = Callable[[], None]


class CloseCallbacks:
    """Functions to call when a run ends, in the order in which they were added.

    No lock is held while a callback runs. An `Exception` that a callback raises becomes a notice,
    and the remaining callbacks are called. Any other `BaseException`, for example
    `KeyboardInterrupt`, is raised after all callbacks have been called.

    Parameters
    ----------
    notices : NoticeLog

    Examples
    --------
    >>> callbacks = CloseCallbacks(NoticeLog())
    >>> remove = callbacks.add(lambda: print("closed"))
    >>> callbacks.call()
    closed
    >>> callbacks.call()
    """

    def __init__(self, notices: NoticeLog) -> None:
        self._notices = notices
        self._callbacks: deque[tuple[CloseCallback]] = deque()

    def __len__(self) -> int:
        return len(self._callbacks)

    def add(self, callback: CloseCallback) -> Callable[[], None]:
        """Add a callback.

        Returns
        -------
        callable
            Removes the callback; has no effect after the callback was called.
        """
        entry = (callback,)
        self._callbacks.append(entry)
        remove_weakly = weakref.WeakMethod(self._remove)

        def remove() -> None:
            remove_entry = remove_weakly()
            if remove_entry is not None:
                remove_entry(entry)

        return remove

    def call(self) -> None:
        """Call and remove each callback.

        Raises
        ------
        BaseException
            The first interrupt that a callback raised, after all callbacks have been called.
        """
        interrupt: BaseException | None = None
        while self._callbacks:
            try:
                self._call_next()
            except BaseException as error:  # noqa: BLE001 - raised below
                interrupt = interrupt or error
        if interrupt is not None:
            raise interrupt

    def _remove(self, entry: tuple[CloseCallback]) -> None:
        with suppress(ValueError):
            self._callbacks.remove(entry)

    def _call_next(self) -> None:
        try:
            (callback,) = self._callbacks.popleft()
        except IndexError:  # removed by another thread
            return
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - the remaining callbacks must be called
            text = f"A part did not close in order: {described(error)}."
            self._notices.add("closing", text)
