"""What is said of an answer that takes long, and of one that was interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from labkit.learn.checks.fallback import line_of

PATIENCE = 10.0
"""Seconds that an answer runs before something is said; the slowest right one takes two."""


@contextmanager
def endless_noticed(answer: object, patience: float = PATIENCE) -> Iterator[None]:
    """Say how an answer is stopped if it takes long; say where it was if it was interrupted.

    Examples
    --------
    >>> with endless_noticed(lambda x: x):
    ...     pass
    """
    timer = threading.Timer(patience, print, (_notice(patience),), {"flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt as interrupt:
        line = line_of(interrupt, answer)
        where = f" in the line `{line}`" if line else ""
        interrupt.add_note(
            f"You stopped the check while your answer was{where}. Does each loop come to its end?"
        )
        raise
    finally:
        timer.cancel()


def _notice(patience: float) -> str:
    return (
        f"Your answer has been running for {patience:g} seconds. If it never ends, interrupt the "
        "kernel: the square in the toolbar, or Control+C in a terminal."
    )
