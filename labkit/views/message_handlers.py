"""Determines what handles a message of a page, and so whether clicks arrive while a loop runs."""

from __future__ import annotations

import threading

from labkit.views import kernel
from labkit.views.messages.kernel import MessageHandler


def handler_of_message(training_thread: int | None) -> MessageHandler | None:
    """Return what handles the message that is being handled on this thread.

    Parameters
    ----------
    training_thread : int or None
        `threading.get_ident` of the thread on which the loop runs; None if none has run.

    Returns
    -------
    str or None
        None for the thread that trains, between two cells.
    """
    if training_thread == threading.get_ident():
        return "step end" if kernel.is_cell_message() else None
    if training_thread not in (None, threading.main_thread().ident):
        return "background"
    if threading.current_thread() is not threading.main_thread():
        return "subshell"
    return "step end" if kernel.is_cell_message() else None
