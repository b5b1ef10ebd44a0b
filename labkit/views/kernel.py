"""Access to the Jupyter kernel: the running cell, cell events, and the main thread."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from IPython.core.getipython import get_ipython

_header: ContextVar[dict[str, Any] | None] = ContextVar("_header", default=None)
"""The header of the message that labkit handles while the cell on this thread is running."""


@contextmanager
def handling_message(header: dict[str, Any]) -> Iterator[None]:
    """Handle a message of a page on the thread of the running cell; takes the message's header."""
    token = _header.set(header)
    try:
        yield
    finally:
        _header.reset(token)


def is_cell_message() -> bool:
    """Return whether this thread handles a message while its cell is running."""
    return _header.get() is not None


def is_notebook() -> bool:
    """Return whether this process is a Jupyter kernel."""
    return running_kernel() is not None


def is_terminal() -> bool:
    """Return whether this process is IPython in a terminal, which cannot change what is printed."""
    return type(get_ipython()).__name__ == "TerminalInteractiveShell"


def current_cell() -> str | None:
    """Return the id of the running cell; None if the front end does not provide it."""
    kernel = running_kernel()
    if kernel is None:
        return None
    metadata = kernel.get_parent("shell").get("metadata", {})
    return metadata.get("cellId")  # type: ignore[no-any-return]


def current_session() -> str | None:
    """Return the session of the message that is being handled; None if there is none."""
    kernel = running_kernel()
    if kernel is None:
        return None
    header = _header.get() or kernel.get_parent("shell").get("header", {})
    return header.get("session")


def current_execution() -> str | None:
    """Return the id of the request that executes the running cell; None outside a kernel."""
    kernel = running_kernel()
    if kernel is None:
        return None
    return kernel.get_parent("shell").get("header", {}).get("msg_id")  # type: ignore[no-any-return]


def is_run_by_program() -> bool:
    """Return whether a program such as nbclient executes the running cell, and stores its output.

    Such a program does not offer to ask a person for input. Voila is no such program, though it
    uses one, because it shows its page to a person while the cells run.
    """
    kernel = running_kernel()
    if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return False
    return not kernel.get_parent("shell").get("content", {}).get("allow_stdin", True)


def on_cell_start(callback: Callable[[Any], None]) -> None:
    """Call a function with IPython's ``ExecutionInfo`` before each cell is executed."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("pre_run_cell", callback)


def off_cell_start(callback: Callable[[Any], None]) -> None:
    """Remove a callback that was added with `on_cell_start`, if it is registered."""
    shell = get_ipython()
    if shell is not None:
        with suppress(ValueError):
            shell.events.unregister("pre_run_cell", callback)


def call_on_main_thread(work: Callable[[], None]) -> bool:
    """Schedule a function on the main thread of the kernel, which executes it between cells.

    Returns
    -------
    bool
        False if there is no kernel, so that the function is not called.
    """
    kernel = running_kernel()
    loop = getattr(kernel, "io_loop", None)
    if loop is None:
        return False
    loop.add_callback(work)
    return True


def on_cell_end(callback: Callable[[Any], None]) -> None:
    """Call a function with IPython's ``ExecutionResult`` after each cell has ended."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", callback)


def off_cell_end(callback: Callable[[Any], None]) -> None:
    """Remove a callback that was added with `on_cell_end`, if it is registered."""
    shell = get_ipython()
    if shell is not None:
        with suppress(ValueError):
            shell.events.unregister("post_run_cell", callback)


def on_interrupt_between_cells(callback: Callable[[], None]) -> None:
    """Call a function on the main thread when the kernel is interrupted while no cell is running.

    By default a kernel ignores such an interrupt. The function replaces an earlier one. While a
    cell is running, an interrupt is raised in that cell, as always.
    """
    kernel = running_kernel()
    if kernel is None:
        return

    def handle(_number: int, _frame: Any) -> None:
        # Not executed here, as the interrupted code may hold a lock.
        kernel.io_loop.asyncio_loop.call_soon_threadsafe(callback)

    def install() -> None:
        is_idle = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        if not is_idle and hasattr(kernel, "saved_sigint_handler"):
            kernel.saved_sigint_handler = handle  # the kernel restores it when the cell ends
        else:
            signal.signal(signal.SIGINT, handle)

    if threading.current_thread() is threading.main_thread():
        install()
    else:
        kernel.io_loop.add_callback(install)


def running_kernel() -> Any:
    """Return the kernel of this process; None if there is none."""
    shell = get_ipython()
    return None if shell is None else getattr(shell, "kernel", None)
