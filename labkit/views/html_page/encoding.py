"""Packs the records of a run: each after its length, all compressed with gzip, in base64.

The length (uint32, little endian) is that of an encoded message as `labkit.views.fragments` defines
it, whose content has the request as `question` and the content of the reply as `reply`.
`frontend/src/exported/records.ts` is the decoder.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable
from typing import NamedTuple

from labkit.views.fragments import encoded
from labkit.views.html_page.contents import Record
from labkit.views.message_builders import Message

_GZIP = 31
"""The value of `wbits` with which zlib writes the format of gzip."""


class Packed(NamedTuple):
    """The records of a run as text.

    Attributes
    ----------
    text : str
        Base64.
    left_out : int
        Number of records for which there was no room.
    """

    text: str
    left_out: int


def packed(first: Record, others: Iterable[Record], max_bytes: int) -> Packed:
    """Return records as text.

    Parameters
    ----------
    first : Record
        It is packed in any case.
    others : iterable of Record
        The most important first. One that might not fit is left out.
    max_bytes : int
        Maximum size of the text, unless the first record alone is larger.
    """
    compressor = zlib.compressobj(level=6, wbits=_GZIP)
    parts = [compressor.compress(_encoded(first))]
    room, left_out = max_bytes * 3 // 4, 0
    most = room + 1  # forces a flush, which gives the actual size
    for record in others:
        content = _encoded(record)
        if most + len(content) > room:
            parts.append(compressor.flush(zlib.Z_SYNC_FLUSH))
            most = sum(map(len, parts))
        if most + len(content) > room:
            left_out += 1
            continue
        parts.append(compressor.compress(content))
        most += len(content)
    parts.append(compressor.flush())
    return Packed(b64encode(b"".join(parts)).decode(), left_out)


def _encoded(record: Record) -> bytes:
    question, reply = record
    content = {"question": question, "reply": reply.content}
    whole = encoded(Message(content, reply.buffers))
    return struct.pack("<I", len(whole)) + whole
