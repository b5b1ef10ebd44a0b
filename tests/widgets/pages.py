"""A fake page: sends the messages of a page to a channel and collects the replies."""

from __future__ import annotations

import threading
import time
from typing import Any

from labkit.run import Run
from labkit.views import message_builders as wire
from labkit.views.channel import RunChannel

from .reassembly import Reassembly


class Page:
    """Stands in for a page that is connected to the channel of a run.

    With `acknowledges`, it acknowledges what has arrived while it waits, as a page does.
    """

    def __init__(self, run: Run, monkeypatch: Any, *, acknowledges: bool = False) -> None:
        self.received: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        """Those of each message."""
        self._acknowledges, self._acknowledged = acknowledges, 0
        self._reassembly = Reassembly()
        self._arrived = threading.Condition()
        monkeypatch.setattr(RunChannel, "send", self._take)
        self.channel = RunChannel.of(run)

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self._arrived:
            # Fragments that are sent as text are received as they are.
            whole = self._reassembly.whole(content, buffers) if buffers else (content, buffers)
            if whole is not None:
                self.received.append(whole[0])
                self.buffers.append(whole[1])
                self._arrived.notify_all()

    def ask(self, content: object) -> None:
        """Send a message as a page does, as a custom message of the widget."""
        data = {"method": "custom", "content": content}
        message = {"content": {"data": data}, "buffers": []}
        self.channel.comm.handle_msg(message)

    def answer_to(self, request: int, timeout: float = 10.0) -> dict[str, Any]:
        """Wait for the answer to a request and return it."""
        return self.first(lambda content: content.get("request") == request, timeout)

    def first(self, wanted: Any, timeout: float = 10.0) -> dict[str, Any]:
        """Wait for a message for which `wanted` is true and return the first one."""
        seen = 0
        deadline = time.monotonic() + timeout
        while True:
            new = self._after(seen, deadline)
            found = next((content for content in new if wanted(content)), None)
            if found is not None:
                return found
            seen += len(new)
            self._acknowledge()

    def _after(self, seen: int, deadline: float) -> list[dict[str, Any]]:
        """Wait for messages after the first `seen`, and return them."""
        with self._arrived:
            left = deadline - time.monotonic()
            assert self._arrived.wait_for(lambda: len(self.received) > seen, left), self.received
            return self.received[seen:]

    def _acknowledge(self) -> None:
        newest = max((content.get("seq", 0) for content in list(self.received)), default=0)
        if self._acknowledges and newest > self._acknowledged:
            self._acknowledged = newest
            self.ask(received(newest))


def received(seq: int) -> dict[str, object]:
    """Return the acknowledgement of a message."""
    page = {"local": True, "in_sight": True, "in_place": False}
    return {"type": "received", "seq": seq, "drawing": 4, **page}


HELLO = {"type": "hello", "protocol": wire.PROTOCOL_VERSION, "again": False}
