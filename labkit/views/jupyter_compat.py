"""Every private name of Jupyter's that labkit uses, each with its fallback."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets
from ipywidgets.widgets import widget as ipywidgets_widget


def hold_weakly(widget: ipywidgets.Widget) -> None:
    """Have ipywidgets' table of open widgets refer to a widget weakly, and its comm not at all."""
    _table()[widget.model_id] = weakref.proxy(widget)
    handle = weakref.WeakMethod(widget._handle_msg)

    def receive(message: Any) -> None:
        alive = handle()
        if alive is not None:
            alive(message)

    widget.comm.on_msg(receive)


def remove_from_table(model_id: str) -> None:
    """Remove a widget from ipywidgets' table of open widgets; harmless when it is not there."""
    _table().pop(model_id, None)


def reply_on_the_same_shell(comm: Any) -> None:
    """Have a comm's messages handled on the shell that they arrive on, a subshell included.

    ipykernel 7.4 routes a page's message to the shell that last sent on the comm, which for a
    widget made in a cell is the busy main shell. The method does not exist in other versions.
    """
    if hasattr(comm, "_reply_subshell_for"):
        keep: Callable[[Any, Any], Any] = lambda data, default: default  # noqa: E731
        comm._reply_subshell_for = keep


def _table() -> dict[str, Any]:
    return ipywidgets_widget._instances  # type: ignore[no-any-return]
