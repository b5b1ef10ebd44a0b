"""All private names of Jupyter packages that labkit uses, with their fallbacks."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets
from ipywidgets.widgets import widget as ipywidgets_widget


def hold_weakly(widget: ipywidgets.Widget) -> None:
    """Replace the strong references of ipywidgets and the comm to a widget with weak ones."""
    _table()[widget.model_id] = weakref.proxy(widget)
    handle = weakref.WeakMethod(widget._handle_msg)

    def receive(message: Any) -> None:
        handler = handle()
        if handler is not None:
            handler(message)

    widget.comm.on_msg(receive)


def remove_from_table(model_id: str) -> None:
    """Remove a widget from the table of open widgets of ipywidgets, if it is there."""
    _table().pop(model_id, None)


def reply_on_the_same_shell(comm: Any) -> None:
    """Handle messages of a comm on the shell or subshell on which they arrive.

    ipykernel 7.4 routes a message to the shell that last sent on the comm. For a widget created in
    a cell this is the main shell, which is busy. Other versions do not have the method.
    """
    if hasattr(comm, "_reply_subshell_for"):
        arrival_shell: Callable[[Any, Any], Any] = lambda data, default: default  # noqa: E731
        comm._reply_subshell_for = arrival_shell


def _table() -> dict[str, Any]:
    return ipywidgets_widget._instances  # type: ignore[no-any-return]
