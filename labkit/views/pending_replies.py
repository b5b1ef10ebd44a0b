"""The replies of the publisher thread that depend on another thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any


@dataclass(frozen=True, eq=False)
class _PendingReply:
    """A reply that is sent when a future is done, or at the deadline.

    Attributes
    ----------
    future : Future or None
        None for a reply without a condition.
    deadline : float
        Reading of the monotonic clock, in s.
    send : callable
    """

    future: Future[Any] | None
    deadline: float
    send: Callable[[], None]

    @property
    def due(self) -> bool:
        """Whether the reply can be sent now."""
        done = self.future is None or self.future.done()
        return done or time.monotonic() >= self.deadline


class PendingReplies:
    """Replies that are added on any thread, and sent by one.

    Parameters
    ----------
    failed : callable
        Takes the `Exception` that a reply has raised.

    Examples
    --------
    >>> replies = PendingReplies(print)
    >>> values = Future()
    >>> replies.add(lambda: print("sent"), values, timeout=5.0)
    >>> replies.send_due()
    >>> values.set_result(1)
    >>> replies.send_due()
    sent
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._new: SimpleQueue[_PendingReply] = SimpleQueue()
        self._waiting: list[_PendingReply] = []

    def __len__(self) -> int:
        """Return the number of replies that have not been sent."""
        return self._new.qsize() + len(self._waiting)

    @property
    def deadlines(self) -> list[float]:
        """The deadlines of the replies that were not due, as readings of the monotonic clock."""
        return [reply.deadline for reply in self._waiting]

    def add(self, send: Callable[[], None], future: Future[Any] | None, timeout: float) -> None:
        """Add a reply that is sent when a future is done, or after a time in s."""
        self._new.put(_PendingReply(future, time.monotonic() + timeout, send))

    def send_due(self) -> None:
        """Send the replies that are due; those without a future are."""
        replies = [*self._waiting, *self._take_new()]
        due = [reply for reply in replies if reply.due]
        self._waiting = [reply for reply in replies if reply not in due]
        self._send(due)

    def send_all(self) -> None:
        """Send all replies, and refer to none of their functions any longer."""
        waiting, self._waiting = self._waiting, []
        self._send([*waiting, *self._take_new()])

    def _take_new(self) -> list[_PendingReply]:
        taken = []
        while True:
            try:
                taken.append(self._new.get_nowait())
            except Empty:
                return taken

    def _send(self, replies: list[_PendingReply]) -> None:
        for reply in replies:
            try:
                reply.send()
            except Exception as error:  # noqa: BLE001 - the others must be sent
                self._failed(error)
