"""Block the training loops of other threads while code runs that must not overlap with them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from labkit.run.control.inspection_requests import REQUEST_TIMEOUT_SECONDS
from labkit.run.control.request_queue import RequestRefusedError
from labkit.run.run import Run

CELL_SECONDS = 10.0
"""Time that a cell waits for the end of a step of other loops."""


@contextmanager
def other_loops_held(
    runs: Iterable[Run] | None = None, *, seconds: float = REQUEST_TIMEOUT_SECONDS
) -> Iterator[None]:
    """Return a context manager that blocks the watched loops of all other threads.

    Each loop is blocked at the end of its step, and continues when the ``with`` block ends. Blocks
    of one thread may be nested.

    Parameters
    ----------
    runs : iterable of Run, optional
        By default all open runs.
    seconds : float
        Maximum time to wait for the end of a step, in s.

    Raises
    ------
    RequestRefusedError
        On entry, if a loop does not finish a step in time; no loop is blocked then.
    """
    release, holder = threading.Event(), threading.get_ident()
    held: list[Run] = []
    try:
        for run in Run.open_runs() if runs is None else runs:
            if _trains_elsewhere(run) and not run.control.is_held_here:
                _hold(run, release, seconds)
                held.append(run)
                run.control.holders.append(holder)
        yield
    finally:
        for run in held:
            run.control.holders.remove(holder)
        release.set()


def _hold(run: Run, release: threading.Event, seconds: float) -> None:
    arrived = threading.Event()
    request = run.control.submit(partial(_block, arrived, release))
    if arrived.wait(seconds) or not request.cancel() or run.closed:
        return
    raise RequestRefusedError(
        f"The run {run.name!r} trains on another thread and has not ended a step in the last "
        "moments. Pause it, or close it if it is over, and try again."
    )


def _block(arrived: threading.Event, release: threading.Event) -> None:
    arrived.set()
    release.wait()


def _trains_elsewhere(run: Run) -> bool:
    alive = {thread.ident for thread in threading.enumerate()}
    owner = run.control.owner
    return owner in alive and owner != threading.get_ident() and not run.closed
