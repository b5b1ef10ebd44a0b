"""Sends the binary buffers of messages as text, for front ends that lose them.

Colab's widget manager does not deliver buffers reliably (googlecolab/colab-cdn-widget-manager#33).
A message then has its buffers in base64 in `text_buffers`, and no others.
`frontend/src/transport/text-buffers.ts` is the decoder.
"""

from __future__ import annotations

import os
import sys
from base64 import b64encode

from labkit.views.message_builders import Message

_requested: list[bool] = []
"""Not empty once a page has requested text."""


def request_text() -> None:
    """Send buffers as text from now on, in all messages of this process."""
    _requested.append(True)


def is_text() -> bool:
    """Return whether buffers are sent as text: in Colab, or after a request."""
    return bool(_requested) or "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def with_text_buffers(message: Message) -> Message:
    """Return a message with its buffers as text, if buffers are sent as text.

    Examples
    --------
    >>> request_text()
    >>> with_text_buffers(Message({"type": "asset"}, [b"abc"]))
    Message(content={'type': 'asset', 'text_buffers': ['YWJj']}, buffers=[])
    >>> _requested.clear()
    """
    if not message.buffers or not is_text():
        return message
    texts = [b64encode(buffer).decode() for buffer in message.buffers]
    return Message({**message.content, "text_buffers": texts})
