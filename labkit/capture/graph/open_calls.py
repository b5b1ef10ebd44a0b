"""The module calls that are under way."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from labkit.capture.graph.source_lines import Line


@dataclass(slots=True, eq=False)
class OpenCall:
    """A module call that is under way.

    Attributes
    ----------
    module : Module
    start : int
        First sequence number of the call.
    line : Line or None
        The line of the user's code that called it.
    is_torch_class : bool
        Whether the module's class is part of torch.
    began : int
        Value of `time.perf_counter_ns` at the beginning.
    is_recorded : bool
        Whether the call creates nodes: False under `torch.no_grad`.
    is_in_forward : bool
        Whether `forward` has been called.
    """

    module: nn.Module
    start: int = 0
    line: Line | None = None
    is_torch_class: bool = False
    began: int = 0
    is_recorded: bool = True
    is_in_forward: bool = False


_torch_classes: dict[type, bool] = {}


def is_torch_class(kind: type) -> bool:
    """Return whether a class is part of torch, so that no code in it is the user's."""
    known = _torch_classes.get(kind)
    if known is None:
        known = _torch_classes[kind] = kind.__module__.startswith("torch.")
    return known
