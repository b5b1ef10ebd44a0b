"""Lets a training loop handle the messages of pages where the kernel cannot while a cell runs."""

from __future__ import annotations

import selectors
import socket
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import wait

from labkit.run import Run
from labkit.run.control.request_queue import RequestRefusedError
from labkit.run.error_text import described
from labkit.views import jupyter_compat

_RETRY_SECONDS = 1.0
"""Time until messages that no step end could handle are tried again, in s."""


class WaitingMessageWatch:
    """Submits a request to a run's training thread whenever a message of a page arrives.

    The socket of the kernel belongs to the main thread. A thread only waits until it is readable;
    the main thread reads it, at the end of a step if it trains. A step during which no message
    arrives does no further work.

    Parameters
    ----------
    run : Run
        Held weakly.
    is_accepted : callable
        Takes the id of a comm; returns whether its messages are handled.
    """

    def __init__(self, run: Run, is_accepted: Callable[[str], bool]) -> None:
        self._control = run.control
        self._run = weakref.ref(run)
        self._is_accepted = is_accepted
        self._is_ending = threading.Event()
        self._end: socket.socket | None = None
        """Closed to wake the thread."""
        descriptor = jupyter_compat.waiting_messages_descriptor()
        if descriptor is not None and not run.closed:
            end_signal, self._end = socket.socketpair()
            threading.Thread(
                target=self._work,
                args=(descriptor, end_signal),
                name="labkit-messages",
                daemon=True,
            ).start()
            run.on_close(self.close)

    def close(self) -> None:
        """End the thread."""
        self._is_ending.set()
        if self._end is not None:
            self._end.close()

    def _work(self, descriptor: int, end_signal: socket.socket) -> None:
        with selectors.DefaultSelector() as selector, end_signal:
            selector.register(end_signal, selectors.EVENT_READ)
            selector.register(descriptor, selectors.EVENT_READ)
            while not self._is_ending.is_set():
                selector.select()
                if self._is_ending.is_set() or not self._handle_at_step_end():
                    return

    def _handle_at_step_end(self) -> bool:
        """Wait until a step has ended; return False if there will be no more."""
        request = self._control.submit(self._handle, at_step_end=True)
        wait([request])
        error = request.exception()
        if error is None:
            if not request.result():
                self._is_ending.wait(_RETRY_SECONDS)
        elif isinstance(error, Exception):
            if not isinstance(error, RequestRefusedError):
                self._add_notice(error)
            return False
        return True  # also after an interrupt, which the loop has raised

    def _handle(self) -> bool:
        """Handle the messages; return False on a thread that must not read them."""
        if threading.current_thread() is not threading.main_thread():
            return False
        jupyter_compat.handle_waiting_messages(self._is_accepted)
        return True

    def _add_notice(self, error: Exception) -> None:
        run = self._run()
        if run is not None:
            run.add_notice(
                "views",
                "Clicks arrive when the cell has ended: labkit could not read the messages of "
                f"this kernel. ({described(error)})",
            )
