"""A function on a thread of its own: its status, its result, and how it is stopped."""

from __future__ import annotations

import contextvars
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, TypeVar

from labkit.run.background.holding import CELL_SECONDS, other_loops_held
from labkit.run.background.thread_interrupt import InterruptRequest, ThreadInterrupt
from labkit.run.background.user_traceback import from_user_code
from labkit.run.control.control import Stopped
from labkit.run.control.request_queue import RequestRefusedError
from labkit.run.error_text import described
from labkit.run.run import Run

T = TypeVar("T")

TaskStatus = Literal["running", "stopping", "finished", "stopped", "interrupted", "failed"]

_STEP_SECONDS = 3.0
"""Time that a watched loop has for the end of its step before it is interrupted within it."""
_POLL_SECONDS = 0.02


class BackgroundTask(Generic[T]):
    """A function that runs on a thread of its own; `labkit.background` returns it.

    Parameters
    ----------
    work : callable
        Takes no arguments.
    name : str
        Displayed in messages.
    on_change : callable, optional
        Called with the task when its end is requested, and on its thread when it has ended.

    Attributes
    ----------
    name : str
    started_at : float
        Time of the start, in s since the epoch.
    cell, execution : str or None
        The cell that started it, and the request that executed this cell.
    stops_at_step_end : bool
        Whether a requested end waits for the end of a step, because the loop is watched.
    error : BaseException or None
        What the function raised; its traceback begins in the user's code.

    Examples
    --------
    >>> task = BackgroundTask(lambda: 6 * 7, "answer")
    >>> task.start()
    >>> task.result()
    42
    >>> task.done, task.status
    (True, 'finished')
    """

    _live: ClassVar[dict[int, BackgroundTask[Any]]] = {}
    """The tasks that have not ended, by the identity of their threads."""

    def __init__(
        self,
        work: Callable[[], T],
        name: str,
        on_change: Callable[[BackgroundTask[T]], None] = lambda task: None,
    ) -> None:
        self.name = name
        self.started_at = time.time()
        self.cell: str | None = None
        self.execution: str | None = None
        self.stops_at_step_end = False
        self.error: BaseException | None = None
        self._traceback: TracebackType | None = None
        self._value: T | None = None
        self._work: Callable[[], T] | None = work
        self._on_change = on_change
        self._status: TaskStatus = "running"
        self._reason: Literal["stopped", "interrupted"] = "stopped"
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._request: InterruptRequest | None = None
        self._interrupt = ThreadInterrupt()
        self._timer: threading.Timer | None = None
        """Interrupts the function if no step ends in time."""
        self._runs: list[weakref.ref[Run]] = []
        self._started, self._ended = threading.Event(), threading.Event()
        self._opened = threading.Event()
        """Set when the function has opened its first run, or has ended."""
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {self.status}, {self.seconds:.1f} s>"

    # ── state ────────────────────────────────────────────────────────────────

    @classmethod
    def current(cls) -> BackgroundTask[Any] | None:
        """Return the task whose thread is the calling thread; None on other threads."""
        return cls._live.get(threading.get_ident())

    @classmethod
    def live(cls) -> list[BackgroundTask[Any]]:
        """Return the tasks that have not ended."""
        return list(cls._live.values())

    @classmethod
    def training(cls, run: Run) -> BackgroundTask[Any] | None:
        """Return the task that trains a run at present; None if no task does."""
        owner = run.control.owner
        return None if owner is None or run.closed else cls._live.get(owner)

    @property
    def status(self) -> TaskStatus:
        """The status: running, stopping, finished, stopped, interrupted or failed.

        "stopping" lasts from the request until the function ends.
        """
        return self._status

    @property
    def done(self) -> bool:
        """Whether the function has ended."""
        return self._ended.is_set()

    @property
    def seconds(self) -> float:
        """Time since the start, in s; until the end once the task has ended."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    @property
    def is_abandoned(self) -> bool:
        """Whether the notebook expects the thread to end, as marimo when a cell runs again."""
        return bool(getattr(self._thread, "should_exit", False))

    def add_run(self, run: Run) -> None:
        """Add a run that the function has opened."""
        self._runs.append(weakref.ref(run))

    def run_opened(self) -> None:
        """Record that a run which the function has opened is displayed, or will not be."""
        self._opened.set()

    # ── control ──────────────────────────────────────────────────────────────

    def start(self, thread_type: Callable[..., threading.Thread] = threading.Thread) -> None:
        """Start the thread, with a copy of the context variables of the calling thread."""
        target = contextvars.copy_context().run
        # A daemon: the process ends even if the loop cannot be stopped.
        thread = self._thread = thread_type(
            target=target, args=(self._run,), name=f"labkit {self.name}", daemon=True
        )
        thread.start()
        self._started.wait()

    def wait_until_opened(self, timeout: float) -> None:
        """Wait until the function has opened its first run or has ended; at most a time in s."""
        self._opened.wait(timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the function has ended; return whether it has.

        Parameters
        ----------
        timeout : float, optional
            Maximum time, in s.

        Raises
        ------
        RuntimeError
            If there is no time limit and the caller holds the loop, which cannot end then.
        """
        if timeout is None and any(run.control.is_held_here for run in self._training_runs()):
            raise RuntimeError(
                f"{self.name} is held by this block, so that it cannot end. Wait below the block."
            )
        return self._ended.wait(timeout)

    def result(self, timeout: float | None = None) -> T:
        """Wait until the function has ended, and return its result.

        Parameters
        ----------
        timeout : float, optional
            Maximum time, in s.

        Raises
        ------
        BaseException
            What the function raised; a `KeyboardInterrupt` if it was stopped.
        TimeoutError
            If it has not ended in time.
        RuntimeError
            If it is called by the function itself, or as for `wait`.
        """
        if BackgroundTask.current() is self:
            raise RuntimeError(f"{self.name} waits for its own end. Call result() elsewhere.")
        if not self.wait(timeout):
            raise TimeoutError(f"{self.name} has not ended within {timeout} s; it runs on.")
        if self.error is not None:
            raise self.error.with_traceback(self._traceback)
        return self._value  # type: ignore[return-value]

    def stop(self) -> None:
        """Raise `KeyboardInterrupt` in the function; returns at once.

        In a watched loop it is raised at the end of a step; if none ends within 3 s, or if `stop`
        is called again, at the next instruction of Python. In a loop that is not watched this is
        so from the beginning. A call that does not return, such as ``time.sleep``, cannot be ended.
        """
        self._request_end("stopped")

    def held(self) -> AbstractContextManager[None]:
        """Return a context manager in which the watched loop waits at the end of a step.

        In its block the model does not change, so that other cells can evaluate or save it. The
        loop continues after the block.

        Raises
        ------
        RequestRefusedError
            On entry, if the loop ends no step within 10 s, or trains no watched model.
        """
        deadline = time.monotonic() + CELL_SECONDS
        while not (runs := self._training_runs()) and self._is_under_way():
            if time.monotonic() > deadline:
                raise RequestRefusedError(
                    f"{self.name} trains no watched model at present, so that it cannot be held at "
                    "the end of a step. Watch its model: with lk.watch(model) as run."
                )
            self.wait(_POLL_SECONDS)
        return other_loops_held(runs, seconds=CELL_SECONDS)

    def interrupt(self) -> None:
        """End the function like `stop`, with the status "interrupted"."""
        self._request_end("interrupted")

    def exit(self) -> None:
        """Raise `SystemExit` in the function, as the process ends; returns at once."""
        self._interrupt.raise_at_once(InterruptRequest(), SystemExit)

    def _request_end(self, reason: Literal["stopped", "interrupted"]) -> None:
        if self.done:
            return
        earlier, self._reason = self._request, reason
        if earlier is not None and not earlier.is_delivered:
            self._interrupt.raise_at_once(earlier)
            return
        request = self._request = InterruptRequest()
        runs = self._training_runs()
        self._status, self.stops_at_step_end = "stopping", bool(runs)
        self._on_change(self)
        if not runs:
            self._interrupt.raise_at_once(request)
            return
        for run in runs:
            run.control.interrupt(request.claim)
        self._timer = timer = threading.Timer(
            _STEP_SECONDS, self._interrupt.raise_at_once, (request,)
        )
        timer.daemon = True
        timer.start()

    def _is_under_way(self) -> bool:
        return self._status in ("running", "stopping")

    def _training_runs(self) -> list[Run]:
        return [run for run in Run.open_runs() if BackgroundTask.training(run) is self]

    # ── on the thread ────────────────────────────────────────────────────────

    def _run(self) -> None:
        ident = threading.get_ident()
        work, self._work = self._work, None
        self._live[ident] = self
        self._interrupt.open()
        self._started.set()
        try:
            try:
                assert work is not None
                self._value = work()
            finally:
                self._interrupt.close()
        except BaseException as error:  # noqa: BLE001 - `result` raises it
            self._interrupt.close()
            self.error = error
            self._traceback = error.__traceback__ = from_user_code(error.__traceback__)
        del work
        self._end(ident)

    def _end(self, ident: int) -> None:
        self._seconds = time.monotonic() - self._began
        self._status = self._final_status()
        if self._timer is not None:
            self._timer.cancel()
        for run in self._training_runs():
            run.code_ended(f"{self.name} {_how_ended(self)}")
            run.control.owner = None  # another thread may get the same identity
        self._live.pop(ident, None)
        try:
            self._on_change(self)
        finally:
            self._ended.set()
            self._opened.set()

    def _final_status(self) -> TaskStatus:
        if isinstance(self.error, Stopped):
            return "stopped"
        if self._request is not None and isinstance(self.error, KeyboardInterrupt | SystemExit):
            return self._reason
        if isinstance(self.error, KeyboardInterrupt):
            return "interrupted"
        if self.error is not None:
            return "failed"
        runs = [run for each in self._runs if (run := each()) is not None]
        return "stopped" if any(run.status == "stopped" for run in runs) else "finished"


def in_background(model: str, task: BackgroundTask[Any]) -> str:
    """Return the message that a model is trained by a task and cannot be trained elsewhere."""
    since = time.strftime("%H:%M:%S", time.localtime(task.started_at))
    return (
        f"{model} is trained in the background by {task.name} since {since}, and two loops on one "
        "model would mix their gradients. Wait for that loop (wait()), stop it (stop() or the "
        "kernel's interrupt), or train a copy: copy.deepcopy(model). torch.autograd.grad leaves "
        "the gradients of the parameters alone and works meanwhile."
    )


def _how_ended(task: BackgroundTask[Any]) -> str:
    if task.status == "failed" and task.error is not None:
        return f"raised {described(task.error)}"
    return "ended" if task.status == "finished" else f"was {task.status}"
