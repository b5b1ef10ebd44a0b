"""Stops the background tasks when the process ends.

A thread that calls torch while Python shuts down could abort the process.
"""

from __future__ import annotations

import atexit
import sys
import time

from labkit.run.background.task import BackgroundTask
from labkit.run.printable import printable

_SECONDS = 1.2
"""Time that the tasks have to end."""


def stop_tasks_at_exit() -> None:
    """Register the function that stops the tasks, before what was registered until now."""
    atexit.unregister(_stop_all)
    atexit.register(_stop_all)


def _stop_all() -> None:
    """Stop the tasks: first at the end of a step, then at once, at last with `SystemExit`."""
    tasks = BackgroundTask.live()
    for task in tasks:
        sys.stderr.write(f"labkit: {printable(task.name)} is stopped, because the process ends.\n")
        task.stop()
    deadline = time.monotonic() + _SECONDS
    for task in tasks:
        if not task.wait(_SECONDS / 4):
            task.stop()
    while any(not task.done for task in tasks) and time.monotonic() < deadline:
        for task in tasks:
            if not task.wait(_SECONDS / 8):
                task.exit()
