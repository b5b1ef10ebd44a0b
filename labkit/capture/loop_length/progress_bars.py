"""Progress bars of tqdm: what they iterate over, and how far they are. tqdm is never imported."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_MODULE = "tqdm.std"


@dataclass(frozen=True)
class BarState:
    """The state of a progress bar.

    Attributes
    ----------
    id : int
        Identity of the bar.
    done, total : int
        What the bar shows.
    description : str
        The text before it.
    """

    id: int
    done: int
    total: int
    description: str


def makes_bar(called: object) -> bool:
    """Return whether a function or class of tqdm makes progress bars: ``tqdm`` or ``trange``."""
    kind = _bar_class()
    if kind is None:
        return False
    is_class = isinstance(called, type) and issubclass(called, kind)
    module = getattr(called, "__module__", None) if callable(called) else None
    is_function = getattr(called, "__name__", None) in ("trange", "tnrange")
    return is_class or (is_function and str(module).split(".")[0] == "tqdm")


def is_bar(value: object) -> bool:
    """Return whether a value is a progress bar of tqdm."""
    kind = _bar_class()
    return kind is not None and isinstance(value, kind)


def iterable_of(bar: Any) -> object:
    """Return what a progress bar iterates over; None if it is updated by hand."""
    return vars(bar).get("iterable")


def states_of(values: Iterable[object]) -> list[BarState]:
    """Return the states of the progress bars among some values that are shown and have a total."""
    found = []
    for bar in values:
        if is_bar(bar) and not vars(bar).get("disable"):
            done, total = vars(bar).get("n"), vars(bar).get("total")
            if type(done) is int and type(total) is int and total > 0:
                found.append(BarState(id(bar), done, total, str(vars(bar).get("desc") or "")))
    return found


def _bar_class() -> type | None:
    kind = getattr(sys.modules.get(_MODULE), "tqdm", None)
    return kind if isinstance(kind, type) else None
