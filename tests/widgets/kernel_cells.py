"""A real kernel whose cells run as in a notebook; what each cell shows is collected."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from queue import Empty

from jupyter_client.manager import start_new_kernel

TIMEOUT = 60
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Cell:
    """One execution of a cell: its messages, in order, as they arrive."""

    def __init__(self, notebook, request):
        self.notebook = notebook
        self.request = request
        self.messages = []
        self.displays = {}
        """The latest text of each display id."""
        self.status = None
        """The status in the reply, once the cell has ended."""
        self.is_idle = False

    def add(self, message):
        content = message["content"]
        self.is_idle = self.is_idle or content.get("execution_state") == "idle"
        display = content.get("transient", {}).get("display_id")
        if display is not None:
            self.displays[display] = content["data"]["text/plain"]
        self.messages.append((message["msg_type"], content))

    @property
    def printed(self):
        texts = (c["text"] for kind, c in self.messages if kind == "stream")
        return COLOURS.sub("", "".join(texts))

    @property
    def shown(self):
        """The displayed texts without those that are updated."""
        return [
            content["data"]["text/plain"]
            for kind, content in self.messages
            if kind in ("display_data", "execute_result")
            and content.get("transient", {}).get("display_id") is None
        ]

    @property
    def traceback(self):
        texts = ("\n".join(c["traceback"]) for kind, c in self.messages if kind == "error")
        return COLOURS.sub("", "\n".join(texts))

    @property
    def line(self):
        """The line that describes the training in the background."""
        return next(iter(self.displays.values()), None)

    def await_(self, condition):
        """Receive messages until a condition of this cell is true."""
        self.notebook.receive_until(lambda: condition(self))
        return self

    def await_end(self):
        """Receive messages until the line says that the training has ended."""
        beginnings = ("Finished", "Stopped", "Interrupted", "Failed")
        return self.await_(lambda cell: (cell.line or "").startswith(beginnings))


class KernelNotebook:
    """Runs cells in a new kernel as a front end does, with cell ids."""

    def __init__(self, **options):
        self.manager, self.client = start_new_kernel(startup_timeout=TIMEOUT, **options)
        self.cells = {}
        self.displays = {}

    def end(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code, cell=None):
        """Run a cell, and wait until the kernel is idle again."""
        return self.begin(code, cell).await_(lambda cell: cell.status and cell.is_idle)

    def begin(self, code, cell=None):
        """Start a cell."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content)
        message["metadata"]["cellId"] = cell or message["header"]["msg_id"]
        self.client.shell_channel.send(message)
        request = message["header"]["msg_id"]
        self.cells[request] = Cell(self, request)
        return self.cells[request]

    def interrupt(self):
        self.manager.interrupt_kernel()

    def receive_until(self, condition):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, self._state()
            with suppress(Empty):
                self._receive(self.client.get_iopub_msg(timeout=0.2))
            try:
                reply = self.client.get_shell_msg(timeout=0)
            except Empty:
                continue
            cell = self.cells.get(reply["parent_header"]["msg_id"])
            if cell is not None:
                cell.status = reply["content"]["status"]

    def _receive(self, message):
        cell = self.cells.get(message["parent_header"].get("msg_id"))
        if cell is None:
            return
        display = message["content"].get("transient", {}).get("display_id")
        if display is not None:  # a display may be updated by another cell
            cell = self.displays.setdefault(display, cell)
        cell.add(message)

    def _state(self):
        return "\n".join(
            f"{cell.status} {cell.displays} {cell.printed[-500:]} {cell.traceback[-500:]}"
            for cell in self.cells.values()
        )
