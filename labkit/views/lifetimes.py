"""Garbage collection of widgets: displayed views stay alive, other widgets are collected.

ipywidgets stores every open widget in a table, and the comm of a widget refers to it too, so that
an open widget is never garbage-collected. labkit replaces these references with weak ones.
`ShownViews` refers to each displayed view, because its page sends messages to it, until the view is
closed or its cell is executed again.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Container
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

import anywidget
import ipywidgets

from labkit.run import Run, Stopped
from labkit.run.error_text import described
from labkit.views import jupyter_compat, kernel

_dropped: SimpleQueue[Any] = SimpleQueue()
"""Comms of collected widgets. They are closed later, because a finalizer must not send messages."""


def close_dropped_comms() -> None:
    """Close the comms of collected widgets. Must not be called in a finalizer."""
    while True:
        try:
            comm = _dropped.get_nowait()
        except Empty:
            return
        try:
            comm.close()
        except KeyError:  # already closed by the page
            continue


def _drop(widget: ipywidgets.Widget) -> None:
    """Remove a collected widget from the table of widgets; safe in a finalizer."""
    comm = widget.comm
    if comm is not None:
        jupyter_compat.remove_from_table(comm.comm_id)
        _dropped.put(comm)


def weak_call(method: Callable[..., object]) -> Callable[..., None]:
    """Return a function that calls a bound method, or does nothing once its object is collected."""
    reference = weakref.WeakMethod(method)

    def call(*arguments: object) -> None:
        living = reference()
        if living is not None:
            living(*arguments)

    return call


class DroppableLayout(ipywidgets.Layout):  # type: ignore[misc]
    """The layout of a `DroppableWidget`; garbage-collected when nothing else refers to it."""

    def open(self) -> None:
        """Open the comm."""
        super().open()
        jupyter_compat.hold_weakly(self)

    def __del__(self) -> None:
        """Queue the comm for closing."""
        _drop(self)


class DroppableWidget(anywidget.AnyWidget):
    """A widget that is garbage-collected when nothing else refers to it."""

    def __init__(self, **traits: Any) -> None:
        close_dropped_comms()
        super().__init__(layout=DroppableLayout(), **traits)

    def open(self) -> None:
        """Open the comm."""
        super().open()
        jupyter_compat.hold_weakly(self)

    def close(self) -> None:
        """Close the widget on every page; later calls have no effect."""
        super().close()
        close_dropped_comms()

    def cell_ended(self) -> None:
        """Update the picture of the output, which this widget lacks."""

    def update_picture_if_due(self) -> None:
        """Update the picture of the output if the last update is long enough ago."""

    def __del__(self) -> None:
        """Queue the comm for closing."""
        _drop(self)


def is_open_widget(model_id: str) -> bool:
    """Return whether a model id is that of an open widget of labkit."""
    try:
        return isinstance(jupyter_compat.widget_with(model_id), DroppableWidget)
    except ReferenceError:  # collected a moment ago
        return False


class ShownViews:
    """The displayed views, by cell. Refers to each view until it is closed or replaced.

    Executing a cell again replaces its output and removes the views in it. The kernel receives no
    message when an output is cleared or deleted on the page, so such views remain.
    """

    _cells: ClassVar[dict[str | None, dict[str, DroppableWidget]]] = {}
    """The views by cell id and model id; the cell id is None if it is unknown."""

    @classmethod
    def add(cls, view: DroppableWidget) -> None:
        """Add a view that the running cell displays."""
        if not cls._cells:
            kernel.on_cell_start(cls.cell_started)
            kernel.on_cell_end(cls.cell_ended)
        cls._cells.setdefault(kernel.current_cell(), {})[view.model_id] = view

    @classmethod
    def remove(cls, model_id: str) -> None:
        """Remove a view that was closed."""
        for cell, views in list(cls._cells.items()):
            views.pop(model_id, None)
            if not views:
                cls._remove_cell(cell)

    @classmethod
    def update_pictures_if_due(cls, model_ids: Container[str]) -> None:
        """Update the pictures of displayed views whose last update is long enough ago."""
        for views in list(cls._cells.values()):
            for model_id, view in list(views.items()):
                if model_id in model_ids:
                    view.update_picture_if_due()

    @classmethod
    def cell_started(cls, info: Any) -> None:
        """Remove the views of a cell that is executed again, and close the dropped comms.

        Parameters
        ----------
        info : IPython.core.interactiveshell.ExecutionInfo
        """
        if info.cell_id is not None:
            cls._remove_cell(info.cell_id)
        close_dropped_comms()

    @classmethod
    def cell_ended(cls, result: Any) -> None:
        """Record in open runs that the cell which trained them on this thread has ended.

        The pictures of all displayed views are updated then.

        Parameters
        ----------
        result : IPython.core.interactiveshell.ExecutionResult
        """
        error = result.error_in_exec
        text = (
            "the cell ended" if error is None else f"the cell raised an error ({described(error)})"
        )
        if isinstance(error, KeyboardInterrupt):
            stopped = isinstance(error, Stopped)
            text = f"the cell was {'stopped' if stopped else 'interrupted'}"
        for run in Run.open_runs():
            if run.control.owner == threading.get_ident():
                run.code_ended(text)
        for views in list(cls._cells.values()):
            for view in list(views.values()):
                view.cell_ended()

    @classmethod
    def _remove_cell(cls, cell: str | None) -> None:
        if cls._cells.pop(cell, None) is not None and not cls._cells:
            kernel.off_cell_start(cls.cell_started)
            kernel.off_cell_end(cls.cell_ended)
