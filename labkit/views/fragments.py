"""Splits large messages into fragments, so that no message to a page exceeds a fixed size.

Very long texts are shortened before (`labkit.views.long_texts`).

An encoded message consists of the length of a header (uint32, little endian), the header, and the
buffers, without gaps. The header is JSON: `content` is the content of the message, `lengths` are
the sizes of its buffers in bytes. `frontend/src/transport/fragments.ts` is the decoder.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from itertools import count
from typing import Any

from labkit.views.long_texts import LongTexts, may_have_long
from labkit.views.message_builders import Message

MAX_MESSAGE_BYTES = 64_000
"""Maximum size of a message, JSON and buffers together.

At 1 Mbit/s it takes half a second, so that a page to which a script is on its way receives a part
of it before it requests it again.
"""
_RESERVED_BYTES = 200
"""Upper bound on the size of the JSON of a fragment."""


class Fragmenter:
    """Splits messages that exceed a size, and shortens very long texts in them.

    Fragments of different messages may be sent alternately, for example by two threads.

    Parameters
    ----------
    max_bytes : int
        Maximum size of a message, at least 300.

    Examples
    --------
    >>> large = Message({"type": "picture"}, [bytes(100_000)])
    >>> [part.content["index"] for part in Fragmenter().fragments(large)]
    [0, 1]
    """

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._numbers = count(1)
        self._long_texts = LongTexts()

    def fragments(self, message: Message) -> Iterator[Message]:
        """Yield the message, or its fragments in order if it is too large."""
        message, content = _as_json(message, self._long_texts)
        size = len(content) + sum(map(len, message.buffers))
        if size <= self._max_bytes:
            yield message
            return
        encoded = _joined(content, message.buffers)
        room = self._max_bytes - _RESERVED_BYTES
        number, total = next(self._numbers), -(-len(encoded) // room)
        for index in range(total):
            part = encoded[index * room : (index + 1) * room]
            about = {"type": "fragment", "message": number, "index": index, "count": total}
            yield Message(about, [part])

    def request(self, content: Any) -> Any:
        """Return a request of a page, with whole texts in place of those that were shortened."""
        return self._long_texts.restore(content)


def encoded(message: Message) -> bytes:
    """Return a whole message as bytes, with very long texts shortened.

    Examples
    --------
    >>> encoded(Message({"type": "subjects"}, [b"abc"]))[4:].decode()
    '{"content": {"type": "subjects"}, "lengths": [3]}abc'
    """
    message, content = _as_json(message, LongTexts())
    return _joined(content, message.buffers)


def _as_json(message: Message, long_texts: LongTexts) -> tuple[Message, str]:
    """Return a message that can be encoded as UTF-8, and its content as JSON."""
    content = json.dumps(message.content, default=float)  # float: for scalars of numpy
    if may_have_long(content):
        message = Message(long_texts.shorten(message.content), message.buffers)
        content = json.dumps(message.content, default=float)
    if "\\ud" not in content:
        return message, content
    message = Message(_without_lone_surrogates(message.content), message.buffers)
    return message, json.dumps(message.content)


def _without_lone_surrogates(content: dict[str, Any]) -> dict[str, Any]:
    """Return content with a question mark for each character that UTF-8 cannot encode.

    A message with such a character, for example in the name of a metric, could not be sent.
    """
    text = json.dumps(content, default=float, ensure_ascii=False)
    encodable: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return encodable


def _joined(content: str, buffers: list[bytes]) -> bytes:
    lengths = json.dumps([len(buffer) for buffer in buffers])
    header = f'{{"content": {content}, "lengths": {lengths}}}'.encode()
    return b"".join([struct.pack("<I", len(header)), header, *buffers])
