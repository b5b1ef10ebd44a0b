"""Display of views in a notebook of marimo, whose kernel is not one of Jupyter.

marimo refers to the comm of a widget until the cell that created it runs again or is deleted, and
then closes it. A displayed view therefore lives as long as its comm.
"""

from __future__ import annotations

import sys
import threading
import traceback
from typing import Any

import ipywidgets

from labkit.run.background.task import BackgroundTask


def is_marimo() -> bool:
    """Return whether this process runs a notebook of marimo."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def append_to_output(widget: ipywidgets.Widget) -> None:
    """Display a widget below the running cell, at once."""
    marimo = sys.modules["marimo"]
    marimo.output.append(marimo.ui.anywidget(widget))


def thread_type() -> type[threading.Thread]:
    """Return the class of threads whose output marimo displays below the cell that starts them."""
    return sys.modules["marimo"].Thread  # type: ignore[no-any-return]


def show_error(task: BackgroundTask[Any]) -> None:
    """Display the traceback of a task that has failed, on the thread of the task."""
    if task.status == "failed" and task.error is not None:
        marimo = sys.modules["marimo"]
        marimo.output.append(marimo.plain_text("".join(traceback.format_exception(task.error))))
