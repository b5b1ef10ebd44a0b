"""The interval of autograd's sequence numbers that belongs to one module call."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.capture.graph.source_lines import Line


@dataclass(slots=True, eq=False)
class Interval:
    """A module call and its sequence numbers.

    Attributes
    ----------
    start, stop : int
        First sequence number of the call, and first one after it.
    path : str
        Path of the module.
    line : Line or None
        The line of the user's code that called it.
    is_torch_class : bool
        Whether the module's class is part of torch, so that no code in it is the user's.
    nanoseconds : int
        Duration of the call on the host.
    """

    start: int
    stop: int
    path: str
    line: Line | None = None
    is_torch_class: bool = False
    nanoseconds: int = 0
