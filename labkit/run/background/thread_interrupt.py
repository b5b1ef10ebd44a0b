"""Raises `KeyboardInterrupt` in another thread, at most once for each request."""

from __future__ import annotations

import ctypes
import threading
from collections import deque


class InterruptRequest:
    """One request to interrupt a thread. It may be delivered in several ways, but only once.

    Examples
    --------
    >>> request = InterruptRequest()
    >>> request.claim(), request.claim()
    (True, False)
    """

    def __init__(self) -> None:
        self._token = deque([None])

    @property
    def is_delivered(self) -> bool:
        """Whether a caller has claimed the delivery."""
        return not self._token

    def claim(self) -> bool:
        """Return True to exactly one caller, which must raise the interrupt in the thread."""
        try:
            self._token.pop()  # atomic
        except IndexError:
            return False
        return True


class ThreadInterrupt:
    """Interrupts one thread between two instructions of Python, while it allows that.

    A call that does not return to Python, for example ``time.sleep``, is interrupted at its end.

    Examples
    --------
    >>> interrupt = ThreadInterrupt()
    >>> interrupt.raise_at_once(InterruptRequest())  # no thread is open to interrupts
    False
    """

    def __init__(self) -> None:
        self._thread: int | None = None
        self._was_raised = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Allow interrupts of the calling thread from now on."""
        self._thread = threading.get_ident()

    def close(self) -> None:
        """Allow no further interrupts, and withdraw one that was not raised yet.

        Called on the interrupted thread. An interrupt may still be raised in this call.
        """
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None and self._was_raised:
                _withdraw(thread)

    def raise_at_once(
        self, request: InterruptRequest, kind: type[BaseException] = KeyboardInterrupt
    ) -> bool:
        """Raise an exception in the thread; return whether this call did so."""
        with self._lock:
            if self._thread is None or not request.claim():
                return False
            self._was_raised = True
            return _set_exception(self._thread, kind)


class _Withdrawn(BaseException):
    """Takes the place of an interrupt that was not raised in time."""


def _withdraw(thread: int) -> None:
    """Replace an exception that the calling thread has not raised yet, and catch it here.

    An exception that is only removed leaves a flag of the interpreter set, at which Python 3.11
    hangs as soon as a debugger traces a function.
    """
    try:
        _set_exception(thread, _Withdrawn)
        for _ in range(_CHANCES_TO_RAISE):
            pass
    except _Withdrawn:
        return


_CHANCES_TO_RAISE = 1_000_000
"""Python raises such an exception at the end of a loop's round, usually of the first."""


def _set_exception(thread: int, kind: type[BaseException]) -> bool:
    """Set the exception that a thread raises at its next instruction."""
    given = ctypes.py_object(kind)
    found: int = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), given)
    return found == 1
