"""Reassembles messages that come in fragments, as `frontend/src/transport/fragments.ts` does."""

from __future__ import annotations

import json
import struct
from typing import Any


class Reassembly:
    """The fragments that have arrived of messages that are not complete."""

    def __init__(self) -> None:
        self._parts: dict[object, list[bytes]] = {}

    def whole(
        self, content: dict[str, Any], buffers: Any, sender: str = ""
    ) -> tuple[dict[str, Any], Any] | None:
        """Return a message as it is, one in fragments with the last of them; None before that.

        Fragments after a lost one are ignored. `sender` names the channel that has sent them.
        """
        if content.get("type") != "fragment":
            return content, buffers
        number, index = (sender, content["message"]), content["index"]
        parts = [] if index == 0 else self._parts.pop(number, None)
        if parts is None or len(parts) != index:
            return None
        parts = [*parts, bytes(buffers[0])]
        if len(parts) == content["count"]:
            return _decoded(b"".join(parts))
        self._parts[number] = parts
        return None


def _decoded(encoded: bytes) -> tuple[dict[str, Any], list[bytes]]:
    (length,) = struct.unpack("<I", encoded[:4])
    header, rest = json.loads(encoded[4 : 4 + length]), encoded[4 + length :]
    buffers = []
    for size in header["lengths"]:
        buffers.append(rest[:size])
        rest = rest[size:]
    assert not rest
    return header["content"], buffers
