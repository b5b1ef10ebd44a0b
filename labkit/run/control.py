"""Pause, resume, step and stop: asked for on any thread, done by the loop at a step's end.

Whoever steers (a button, a cell, a test) only sets a flag. The training thread looks at
`Control.pending` after each step and, if it is set, calls `at_step_end`.
"""

from __future__ import annotations

import threading

_WAIT_SECONDS = 0.1
"""How long a paused loop sleeps before it lets an interrupt through."""


class Stopped(KeyboardInterrupt):
    """Raised in the loop at a step's end when a stop was asked for.

    It is a `KeyboardInterrupt`, so loops and trainers that end in good order on an interrupt
    do so here, and no ``except Exception`` swallows it. ``with lk.watch(...)`` ends quietly on it.
    """


class Control:
    """The switches of one run.

    Examples
    --------
    >>> control = Control()
    >>> control.pause()
    >>> control.paused, control.pending
    (True, True)
    >>> control.resume()
    >>> control.paused, control.pending
    (False, False)
    """

    def __init__(self) -> None:
        self.pending = False
        """True when the loop has something to do at the end of its step."""
        self._condition = threading.Condition()
        self._paused = False
        self._stopping = False
        self._allowed = 0

    @property
    def paused(self) -> bool:
        """Whether the loop waits, or will wait at the end of its step."""
        return self._paused

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    def pause(self) -> None:
        """Hold the loop at the end of its step."""
        self._change(paused=True)

    def resume(self) -> None:
        """Let a held loop go on."""
        self._change(paused=False)

    def step(self) -> None:
        """Let a held loop do one more step; hold a running one first."""
        with self._condition:
            if self._paused:
                self._allowed += 1
        self._change(paused=True)

    def stop(self) -> None:
        """End the loop at the end of its step, by `Stopped`."""
        with self._condition:
            self._stopping = True
        self._change(paused=False)

    def release(self) -> None:
        """Take back everything that was asked for."""
        with self._condition:
            self._stopping = False
        self._change(paused=False)

    def at_step_end(self) -> None:
        """Do what was asked for; called by the training thread between two steps.

        Raises
        ------
        Stopped
            If a stop was asked for.
        """
        with self._condition:
            while self._paused and not self._stopping and not self._allowed:
                self._condition.wait(_WAIT_SECONDS)
            if self._allowed:
                self._allowed -= 1
            if self._stopping:
                raise Stopped("training was stopped by labkit's Stop")

    def _change(self, *, paused: bool) -> None:
        with self._condition:
            self._paused = paused
            if not paused:
                self._allowed = 0
            self.pending = paused or self._stopping
            self._condition.notify_all()
