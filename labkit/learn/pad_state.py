"""Type of the drawing pad's synchronized state; `frontend/src/pad/state.ts` is its twin."""

from __future__ import annotations

from typing import TypedDict


class PadState(TypedDict):
    """Traits that the kernel and the page share."""

    protocol: int
    """Version of the protocol, `labkit.views.protocol.PROTOCOL_VERSION`."""
    side: int
    """Pixels per side of the image."""
    pixels: list[float]
    """The image row by row, ``side * side`` numbers from 0 (black) to 1; set by the page."""
    said: str
    """The sentence below the pad; set by the kernel."""
