"""When widgets go: those that no page can show go with their last reference, shown ones stay.

ipywidgets holds every open widget in a table, and its comm holds it as well, so none ever goes by
itself. labkit's widgets are held weakly there. A view that was displayed is held here instead, as
its page asks it for what it draws, until it is closed or its cell is run again.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any, ClassVar

import anywidget
import ipywidgets

from labkit.views import jupyter_compat, kernel

_dropped: SimpleQueue[Any] = SimpleQueue()
"""Comms of widgets that went, still to be closed: a finalizer must send nothing itself."""


def close_dropped_comms() -> None:
    """Tell the pages of the widgets that have gone; called now and then, and in no finalizer."""
    while True:
        try:
            comm = _dropped.get_nowait()
        except Empty:
            return
        try:
            comm.close()
        except KeyError:  # the page has closed it already
            continue


def _drop(widget: ipywidgets.Widget) -> None:
    """Take a widget that goes out of all tables; safe in a finalizer."""
    comm = widget.comm
    if comm is not None:
        jupyter_compat.remove_from_table(comm.comm_id)
        _dropped.put(comm)


class DroppableLayout(ipywidgets.Layout):  # type: ignore[misc]
    """The layout of one of labkit's widgets; goes with its last reference."""

    def open(self) -> None:
        """Open the comm."""
        super().open()
        jupyter_compat.hold_weakly(self)

    def __del__(self) -> None:
        """Leave the closing of the comm to a later call."""
        _drop(self)


class DroppableWidget(anywidget.AnyWidget):
    """A widget that goes with its last reference."""

    def __init__(self, **traits: Any) -> None:
        close_dropped_comms()
        super().__init__(layout=DroppableLayout(), **traits)

    def open(self) -> None:
        """Open the comm."""
        super().open()
        jupyter_compat.hold_weakly(self)

    def close(self) -> None:
        """Close it on every page. Harmless when repeated."""
        super().close()
        close_dropped_comms()

    def __del__(self) -> None:
        """Leave the closing of the comm to a later call."""
        _drop(self)


class ShownViews:
    """The views that some cell's output shows, as far as the kernel can know.

    A cell that is run again replaces its output, and with it the views that it showed. Whether an
    output was cleared or deleted in the page, no kernel is told.
    """

    _cells: ClassVar[dict[str | None, dict[str, DroppableWidget]]] = {}
    """The views by the ids of their cells and of their models; None where the cell is not known."""

    @classmethod
    def add(cls, view: DroppableWidget) -> None:
        """Note that a view is being displayed by the cell that runs."""
        if not cls._cells:
            kernel.on_cell_start(cls.cell_starts)
        cls._cells.setdefault(kernel.current_cell(), {})[view.model_id] = view

    @classmethod
    def remove(cls, model_id: str) -> None:
        """Note that a view was closed."""
        for cell, views in list(cls._cells.items()):
            views.pop(model_id, None)
            if not views:
                cls._remove_cell(cell)

    @classmethod
    def cell_starts(cls, info: Any) -> None:
        """Note that a cell runs: what it showed before is replaced."""
        if info.cell_id is not None:
            cls._remove_cell(info.cell_id)
        close_dropped_comms()

    @classmethod
    def _remove_cell(cls, cell: str | None) -> None:
        if cls._cells.pop(cell, None) is not None and not cls._cells:
            kernel.off_cell_start(cls.cell_starts)
