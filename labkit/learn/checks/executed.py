"""What runs while an answer is called: functions of torch, Python modules, and how many steps.

Names in the source can be hidden, by ``from ... import conv2d as c`` or in a function of their own;
what is called cannot.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

from labkit.learn.checks.kernel_state import kernel_state_kept
from labkit.learn.checks.torch_calls import TorchCalls

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_CHECKS = str(Path(__file__).parent)


@dataclass(frozen=True)
class Executed:
    """What ran during one call.

    Attributes
    ----------
    functions : frozenset of str
        The names of the functions and methods of torch that were called.
    modules : frozenset of str
        The Python modules whose functions ran, as ``"torch.optim.adam"``.
    steps : int
        Calls of torch, and lines and functions of Python outside of the libraries.
    """

    functions: frozenset[str]
    modules: frozenset[str]
    steps: int


class _Frames:
    """Records the modules of all Python functions that run, and counts the lines of the user's."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.steps = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> _Frames | None:
        """Take an event of `sys.settrace`; return None for a function of a library."""
        if event == "call":
            self.modules.add(str(frame.f_globals.get("__name__", "")))
            if _is_of_a_library(frame.f_code.co_filename):
                return None
        self.steps += event in ("call", "line")
        return self


def _is_of_a_library(filename: str) -> bool:
    if filename.startswith((_STANDARD_LIBRARY, "<frozen", _CHECKS)):
        return True
    return "site-packages" in filename or "dist-packages" in filename


@contextmanager
def _traced(frames: _Frames) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(frames)
    try:
        yield
    finally:
        sys.settrace(before)


def executed_by(function: Callable[..., Any], arguments: Sequence[Any]) -> Executed:
    """Call a function and return what ran, up to its end or its error.

    Examples
    --------
    >>> import torch
    >>> from torch import mm as product
    >>> ran = executed_by(lambda one, other: product(one, other), (torch.ones(1, 1),) * 2)
    >>> "mm" in ran.functions, ran.steps
    (True, 3)
    """
    called: list[str] = []
    functions = TorchCalls(lambda each, _: called.append(getattr(each, "__name__", "")))
    frames = _Frames()
    # What it prints, and its error, have been seen when it was called before.
    with kernel_state_kept(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        try:
            with functions, _traced(frames):
                function(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001, S110 - an answer may raise anything
            pass
    names = [name.partition(".")[0] for name in called]  # `convolution.default`, of ATen
    return Executed(frozenset(names), frozenset(frames.modules), frames.steps + len(names))
