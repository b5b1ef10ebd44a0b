"""Hold the loops that train on other threads while something is done that must not meet them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from labkit.run.control import RequestRefusedError
from labkit.run.questions import TAKEN_WITHIN_SECONDS
from labkit.run.run import Run


@contextmanager
def other_loops_held() -> Iterator[None]:
    """Hold every watched loop of another thread at the end of a step, within a ``with`` block.

    Raises
    ------
    RequestRefusedError
        If a loop does not end a step within a moment; then none is held.
    """
    release = threading.Event()
    try:
        for run in Run.open_runs():
            if _trains_elsewhere(run):
                _hold(run, release)
        yield
    finally:
        release.set()


def _hold(run: Run, release: threading.Event) -> None:
    arrived = threading.Event()
    asked = run.control.submit(partial(_stand, arrived, release))
    if arrived.wait(TAKEN_WITHIN_SECONDS) or not asked.cancel() or run.closed:
        return
    raise RequestRefusedError(
        f"The run {run.name!r} trains on another thread and has not ended a step in the last "
        "moments. Pause it, or close it if it is over, and try again."
    )


def _stand(arrived: threading.Event, release: threading.Event) -> None:
    arrived.set()
    release.wait()


def _trains_elsewhere(run: Run) -> bool:
    alive = {thread.ident for thread in threading.enumerate()}
    owner = run.control.owner
    return owner in alive and owner != threading.get_ident() and not run.closed
