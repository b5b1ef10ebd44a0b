"""All private names of Jupyter packages that labkit uses, with their fallbacks."""

from __future__ import annotations

import weakref
from typing import Any

import ipywidgets
from ipywidgets.widgets import widget as ipywidgets_widget

from labkit.views.kernel import running_kernel


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


def handle_on_subshell(comm: Any) -> None:
    """Handle messages of a comm on a subshell, so that they are handled while a cell is running.

    A front end with subshells sends the messages to one. For other front ends the kernel has a
    subshell of labkit's own. Without this, ipykernel 7.4 handles a message on the shell that last
    sent on the comm: the main shell, which is busy, for a widget created in a cell. Earlier
    versions do not let a comm choose; their messages are handled on the shell that they name.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _subshell_for


def _subshell_for(_: Any, named: str | None) -> str | None:
    """Return the id of the subshell that handles a message; called on the shell channel thread.

    `named` is the subshell in the header of the message, None for the main shell.
    """
    if named is not None:
        return named
    try:
        return _own_subshell()
    except Exception:  # noqa: BLE001 - ipykernel without these names: the main shell handles it
        return None


_own_subshells: list[str] = []
"""The id of the subshell that labkit has created in this kernel; empty before."""


def _own_subshell() -> str:
    """Return the id of labkit's subshell; create it if there is none."""
    manager = running_kernel().shell_channel_thread.manager
    existing = manager.list_subshell()
    if not _own_subshells or _own_subshells[0] not in existing:
        _own_subshells[:] = [manager._create_subshell()]
    return _own_subshells[0]


def _table() -> dict[str, Any]:
    return ipywidgets_widget._instances  # type: ignore[no-any-return]
