"""Private names of torch.compile: where a compiled region begins and ends.

Hooks and modes that are active when a compiled region begins would be compiled into it, so labkit
has to remove its own before, and set them again after.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any, Self

import torch

_DYNAMO = "torch._dynamo.eval_frame"
_FIRST, _SWITCH = "set_eval_frame", "_maybe_set_eval_frame"
"""The functions that a compiled function calls first, and with the compiler or without it."""

_WRAPPERS = ("compile_wrapper", "_fn")
"""Names of the function that torch puts around a compiled one, the former one last."""

_lock = threading.Lock()
_active: dict[int, list[CompiledRegions]] = {}
"""The contexts of each thread, the innermost last."""
_replaced: list[tuple[Any, str, Callable[..., Any]]] = []
"""What is replaced while a context is open: the object, the name and the original function."""


class CompiledRegions:
    """As a context, calls functions before and after each outermost compiled region on its thread.

    Without effect where torch has no function of the expected name.

    Parameters
    ----------
    begins : callable
        Called with the function that is compiled; of a module this is a bound method.
    ends : callable
        Called after the region with its result, or with None if it raises.
    """

    def __init__(self, begins: Callable[[object], None], ends: Callable[[object], None]) -> None:
        self._begins = begins
        self._ends = ends
        self._frame: Any = None
        """The frame of the compiled function that is running."""
        self._thread = 0

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        with _lock:
            _active.setdefault(self._thread, []).append(self)
            if not _replaced:
                _replace()
        return self

    def __exit__(self, *_: object) -> None:
        with _lock:
            own = _active[self._thread]
            own.remove(self)
            if not own:
                del _active[self._thread]
            if not _active:
                _restore()

    def called(self, frame: Any) -> None:
        """Notice that a compiled function is called, if it is the outermost."""
        if self._frame is None and frame.f_code.co_name in _WRAPPERS:
            self._frame = frame
            self._begins(frame.f_locals.get("fn"))

    def switched(self, compiler: object, frame: Any) -> None:
        """Notice that a compiled function switches the compiler on or off."""
        if self._frame is frame and not callable(compiler):
            self._frame = None
            self._ends(frame.f_locals.get("result"))


def _replace() -> None:
    dynamo = sys.modules.get(_DYNAMO)
    if dynamo is not None and hasattr(dynamo, _FIRST) and hasattr(dynamo, _SWITCH):
        first, switch = getattr(dynamo, _FIRST), getattr(dynamo, _SWITCH)
        _set(dynamo, _FIRST, _observed(first, lambda own, _, frame: own.called(frame)))
        _set(dynamo, _SWITCH, _observed(switch, CompiledRegions.switched))
    elif dynamo is None:
        # Loading the compiler takes seconds, so it is left to the first use of it.
        _set(torch, "compile", _loading(torch.compile))


def _set(holder: Any, name: str, function: Callable[..., Any]) -> None:
    _replaced.append((holder, name, getattr(holder, name)))
    setattr(holder, name, function)


def _restore() -> None:
    for holder, name, original in _replaced:
        setattr(holder, name, original)
    _replaced.clear()


def _observed(
    original: Callable[..., Any], observe: Callable[[CompiledRegions, object, Any], None]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(compiler: object) -> object:
        observers = _active.get(threading.get_ident())
        if observers:
            observe(observers[-1], compiler, sys._getframe(1))
        return original(compiler)

    return call


def _loading(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def compile_(*args: Any, **kwargs: Any) -> Any:

        with _lock:
            if _replaced and _replaced[0][1] == "compile":
                _restore()
                _replace()
        return original(*args, **kwargs)

    return compile_
