"""The kernel and the notebook around it: its cells and its main thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from IPython.core.getipython import get_ipython


def is_notebook() -> bool:
    """Return whether this is a kernel that a notebook talks to."""
    return _kernel() is not None


def current_cell() -> str | None:
    """Return the id of the cell that runs; None where the front end does not name it."""
    kernel = _kernel()
    if kernel is None:
        return None
    metadata = kernel.get_parent("shell").get("metadata", {})
    return metadata.get("cellId")  # type: ignore[no-any-return]


def on_cell_start(callback: Callable[[Any], None]) -> None:
    """Have something called with IPython's ``ExecutionInfo`` whenever a cell starts to run."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("pre_run_cell", callback)


def off_cell_start(callback: Callable[[Any], None]) -> None:
    """Take `on_cell_start` back."""
    shell = get_ipython()
    if shell is not None:
        with suppress(ValueError):
            shell.events.unregister("pre_run_cell", callback)


def call_on_main_thread(work: Callable[[], None]) -> bool:
    """Have something called by the kernel's main thread when no cell runs; return whether it will.

    False where there is no kernel. While a cell runs, it waits for the cell's end.
    """
    kernel = _kernel()
    loop = getattr(kernel, "io_loop", None)
    if loop is None:
        return False
    loop.add_callback(work)
    return True


def _kernel() -> Any | None:
    shell = get_ipython()
    return None if shell is None else getattr(shell, "kernel", None)
