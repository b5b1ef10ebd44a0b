"""A fake page: sends the messages of a page to a channel and collects the replies."""

from __future__ import annotations

import threading
from typing import Any

from labkit.run import Run
from labkit.views import message_builders as wire
from labkit.views.channel import RunChannel


class Page:
    """Stands in for a page that is connected to the channel of a run."""

    def __init__(self, run: Run, monkeypatch: Any) -> None:
        self.received: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        monkeypatch.setattr(RunChannel, "send", self._take)
        self.channel = RunChannel.of(run)

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self._arrived:
            self.received.append(content)
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
        found: list[dict[str, Any]] = []

        def has_come() -> bool:
            found[:] = [content for content in self.received if wanted(content)]
            return bool(found)

        with self._arrived:
            assert self._arrived.wait_for(has_come, timeout), self.received
        return found[0]


def received(seq: int) -> dict[str, object]:
    """Return the acknowledgement of a message."""
    return {"type": "received", "seq": seq, "drawing": 4, "local": True, "in_sight": True}


HELLO = {"type": "hello", "protocol": wire.PROTOCOL_VERSION, "again": False}
