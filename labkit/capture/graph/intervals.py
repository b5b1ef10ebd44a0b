"""The interval of autograd's sequence numbers that one module call spans."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.capture.graph.source_lines import Line


@dataclass(slots=True, eq=False)
class Interval:
    """The sequence numbers from `start` up to `stop` belong to one call of a module.

    `line` is the user's line that called it; `own` whether its class is one of torch's own, so
    that this line is all the user wrote of it; `nanoseconds` what the call took on the host.
    """

    start: int
    stop: int
    path: str
    line: Line | None = None
    own: bool = False
    nanoseconds: int = 0
