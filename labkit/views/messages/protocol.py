"""The protocol version, and the type of references to binary buffers."""

from __future__ import annotations

PROTOCOL_VERSION = 10
"""The version of all types in this package; equal to that of the frontend."""

BufferIndex = int
"""The index of a binary buffer in the list of buffers of its message."""
