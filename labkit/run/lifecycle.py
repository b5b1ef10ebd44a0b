"""The lifecycle of a run: its status, and the transition to a final status."""

from __future__ import annotations

import time
from collections.abc import Callable

from labkit.run.close_callbacks import CloseCallback, CloseCallbacks
from labkit.run.control.control import Control
from labkit.run.notices import NoticeLog
from labkit.run.state import FINAL_STATUSES, Status


class Lifecycle:
    """The status of one run, which changes to a final status exactly once.

    Parameters
    ----------
    control : Control
    notices : NoticeLog

    Attributes
    ----------
    message : str or None
        Why the run was interrupted or failed; None otherwise.

    Examples
    --------
    >>> lifecycle = Lifecycle(Control(), NoticeLog())
    >>> lifecycle.begin()
    >>> lifecycle.status
    'running'
    >>> lifecycle.claim_end(), lifecycle.claim_end()
    (True, False)
    >>> lifecycle.finish("finished", None)
    >>> lifecycle.status, lifecycle.closed
    ('finished', True)
    """

    def __init__(self, control: Control, notices: NoticeLog) -> None:
        self.message: str | None = None
        self._control = control
        self._status: Status = "waiting"
        self._idle_at: tuple[int, str] | None = None
        self._callbacks = CloseCallbacks(notices)
        self._end_token = [None]
        self._started_at = time.monotonic()
        self._ended_at: float | None = None

    @property
    def status(self) -> Status:
        """The status, including the pause state of the control."""
        if self.closed:
            return self._status
        if self._control.paused:
            return "paused"
        return "pausing" if self._control.pausing else self._status

    @property
    def closed(self) -> bool:
        """Whether the status is final."""
        return self._status in FINAL_STATUSES

    @property
    def now(self) -> float:
        """The monotonic clock, in s; the time of the end once the run has ended."""
        return self._ended_at or time.monotonic()

    @property
    def elapsed(self) -> float:
        """Time since creation, in s; until the end once the run has ended."""
        return self.now - self._started_at

    def begin(self) -> None:
        """Change the status from "waiting" or "idle" to "running"."""
        self._idle_at = None
        if self._status == "waiting":
            self._status = "running"

    def code_ended(self, step: int, message: str) -> None:
        """Set the status "idle" until `begin` is called, or a further step is completed.

        Parameters
        ----------
        step : int
            The number of completed steps.
        message : str
            Why the code that trains has ended.
        """
        if self._idle_at is None or self._idle_at[0] != step:
            self._idle_at = step, message

    def idle_message(self, step: int) -> str | None:
        """Return why no code trains; None if steps were completed since, or the run has ended."""
        idle = self._idle_at
        is_idle = self.status == "running" and idle is not None and idle[0] == step
        return idle[1] if idle is not None and is_idle else None

    def on_close(self, callback: CloseCallback) -> Callable[[], None]:
        """Add a callback for the end; see `Run.on_close`."""
        remove = self._callbacks.add(callback)
        if self.closed:
            self._callbacks.call()
        return remove

    def claim_end(self) -> bool:
        """Return True to exactly one caller, which must call `finish`."""
        try:
            self._end_token.pop()  # atomic
        except IndexError:
            return False
        return True

    def finish(self, status: Status, message: str | None) -> None:
        """Set the final status, close the control, and call the callbacks.

        A status "finished" becomes "stopped" if a stop was requested.
        """
        if status == "finished" and self._control.stopping:
            status = "stopped"
        self.message, self._ended_at = message, time.monotonic()
        self._status = status
        self._control.close()
        self._callbacks.call()
