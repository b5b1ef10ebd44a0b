"""Functions that other threads hand over to the training thread, in order of arrival."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

MAX_REQUESTS = 64
"""Maximum number of queued requests."""


class RequestRefusedError(RuntimeError):
    """The exception of a `Future` whose request is not executed; its text is the reason."""


class RequestQueue:
    """The requests of a run that wait for the end of a step.

    There is no lock: every change is a single atomic operation of the interpreter.

    Examples
    --------
    >>> queue = RequestQueue()
    >>> future = Future()
    >>> queue.append(future, lambda: 6 * 7, is_own=False)
    >>> len(queue), future.done()
    (1, False)
    >>> queue.execute()
    >>> len(queue), future.result()
    (0, 42)
    """

    def __init__(self) -> None:
        self._requests: deque[tuple[Future[Any], Callable[[], Any], bool]] = deque()
        self._own = 0
        """Number of those that the training thread has submitted; changed there only."""

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._requests)

    def append(self, future: Future[T], work: Callable[[], T], *, is_own: bool) -> None:
        """Queue a request, or refuse it if `MAX_REQUESTS` wait already.

        Parameters
        ----------
        future : Future
            Takes the result of `work`, or its exception.
        work : callable
            Takes no arguments.
        is_own : bool
            Whether the calling thread is the training thread.
        """
        if len(self._requests) >= MAX_REQUESTS:
            refuse(future, f"{MAX_REQUESTS} requests wait already")
            return
        self._own += is_own
        self._requests.append((future, work, is_own))

    def execute(self, seconds: float = math.inf) -> None:
        """Execute queued requests in order; start none after `seconds` have passed.

        Those that the training thread has submitted, within its step, are executed in any case.
        """
        deadline = time.perf_counter() + seconds
        for _ in range(MAX_REQUESTS):
            try:
                future, work, is_own = self._requests.popleft()
            except IndexError:
                return
            self._own -= is_own
            execute(future, work)
            if time.perf_counter() >= deadline and self._own <= 0:
                return

    def refuse_all(self, reason: str) -> None:
        """Take all requests out of the queue, and set `RequestRefusedError` on their futures."""
        while True:
            try:
                future, _, _ = self._requests.popleft()
            except IndexError:
                return
            refuse(future, reason)


def execute(future: Future[T], work: Callable[[], T]) -> None:
    """Execute a request, unless its future was cancelled; raise only what is no `Exception`."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
        if not isinstance(error, Exception):  # raise an interrupt in the loop
            raise


def refuse(future: Future[Any], reason: str) -> None:
    """Set `RequestRefusedError` on the future, unless it was cancelled."""
    if future.set_running_or_notify_cancel():
        future.set_exception(RequestRefusedError(reason))
