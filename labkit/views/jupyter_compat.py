"""All private names of Jupyter packages that labkit uses, with their fallbacks."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ipywidgets
import zmq
from ipywidgets.widgets import widget as ipywidgets_widget

from labkit.views.kernel import handling_message, running_kernel


def hold_weakly(widget: ipywidgets.Widget) -> None:
    """Replace the strong references of ipywidgets and the comm to a widget with weak ones."""
    _table()[widget.model_id] = weakref.proxy(widget)
    handle = weakref.WeakMethod(widget._handle_msg)

    def receive(message: Any) -> None:
        handler = handle()
        if handler is not None:
            handler(message)

    widget.comm.on_msg(receive)


def hold_by_comm(widget: ipywidgets.Widget) -> None:
    """Let the comm of a widget refer to the widget again, until the comm itself is released."""
    widget.comm.on_msg(widget._handle_msg)


def is_closed(comm: Any) -> bool:
    """Return whether a comm is closed, also one of marimo, which closes the comms of a cell."""
    return bool(getattr(comm, "_closed", False))


def remove_from_table(model_id: str) -> None:
    """Remove a widget from the table of open widgets of ipywidgets, if it is there."""
    _table().pop(model_id, None)


def widget_with(model_id: str) -> Any:
    """Return the open widget with a model id, or None; for a widget of labkit a weak proxy."""
    return _table().get(model_id)


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


# ── ipykernel 6: messages that wait in the kernel while a cell is running ─────────────────────────

_CONTROL_TARGET = "jupyter.widget.control"
"""The comm on which a page requests the state of all widgets."""


@dataclass(frozen=True, eq=False)
class WaitingMessage:
    """A message of a page that is handled before the cell has ended.

    Attributes
    ----------
    idents : list of bytes
        The route of a reply.
    message : dict
        The deserialized message.
    """

    idents: list[bytes]
    message: dict[str, Any]


def waiting_messages_descriptor() -> int | None:
    """Return a file descriptor that becomes readable when a message for the main shell arrives.

    Returns
    -------
    int or None
        None if the kernel receives messages on a thread of its own, as since ipykernel 7, or if
        this is not a kernel.
    """
    kernel = running_kernel()
    if getattr(kernel, "msg_queue", None) is None or kernel.shell_stream is None:
        return None
    return int(kernel.shell_stream.socket.getsockopt(zmq.FD))


def handle_waiting_messages(is_accepted: Callable[[str], bool]) -> None:
    """Handle messages that have arrived while a cell is running; for the main thread.

    These are the messages to accepted comms, and requests with which a page that was loaded again
    restores its widgets. All others remain, in their order, until the cell has ended.

    Parameters
    ----------
    is_accepted : callable
        Takes the id of a comm.
    """
    kernel = running_kernel()
    while kernel.shell_stream.flush(zmq.POLLIN):
        for each in _take_waiting(kernel, is_accepted):
            _handle_waiting(kernel, each)


def _take_waiting(kernel: Any, is_accepted: Callable[[str], bool]) -> list[WaitingMessage]:
    """Remove messages from the queue of the kernel, and return them."""
    queue = kernel.msg_queue._queue
    taken: list[WaitingMessage] = []
    for entry in list(queue):
        arguments = entry[2]
        if not arguments:  # an action of the kernel's own
            continue
        idents, frames = kernel.session.feed_identities(arguments[0], copy=False)
        if _is_wanted(kernel, frames, is_accepted):
            queue.remove(entry)
            message = kernel.session.deserialize(frames, content=True, copy=False)
            taken.append(WaitingMessage(idents, message))
    return taken


def _is_wanted(kernel: Any, frames: Any, is_accepted: Callable[[str], bool]) -> bool:
    """Return whether a message is handled now; reads its frames, and does not verify it."""
    unpack = kernel.session.unpack
    kind = unpack(frames[1].bytes)["msg_type"]
    if kind in ("kernel_info_request", "comm_info_request"):
        return True
    if kind not in ("comm_open", "comm_msg", "comm_close"):
        return False
    content = unpack(frames[4].bytes)
    if kind == "comm_open":
        return bool(content.get("target_name") == _CONTROL_TARGET)
    comm = kernel.comm_manager.comms.get(content["comm_id"])
    is_control = getattr(comm, "target_name", None) == _CONTROL_TARGET
    return is_control or is_accepted(content["comm_id"])


def _handle_waiting(kernel: Any, waiting: WaitingMessage) -> None:
    """Handle a message as the kernel does, without changing where the cell's output goes."""
    message = waiting.message
    handler = kernel.shell_handlers[message["header"]["msg_type"]]
    kernel._publish_status("busy", "shell", parent=message)
    with handling_message(message["header"]):
        result = handler(kernel.shell_stream, waiting.idents, message)
        if inspect.iscoroutine(result):
            _complete(result)
    kernel._publish_status("idle", "shell", parent=message)
    kernel._publish_status("busy", "shell")  # the cell is still running


def _complete(coroutine: Coroutine[Any, Any, object]) -> None:
    """Execute a coroutine that awaits nothing."""
    with suppress(StopIteration):
        coroutine.send(None)
        coroutine.close()
