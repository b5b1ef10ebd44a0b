"""Observes calls of `forward` itself, for which torch calls no hook.

While they are observed, the attribute `forward` of the modules' classes is a wrapper. Modules,
their attributes and their copies are the same as without it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import torch

Around = Callable[[torch.nn.Module, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""Calls a module's `forward` with some arguments, and returns what it returns."""

_lock = threading.Lock()
_observers: dict[type, tuple[Around, ...]] = {}
"""The functions that are called around the `forward` of a class."""
_replaced: dict[type, tuple[FunctionType, Callable[..., Any]]] = {}
"""The attribute `forward` of a class before it was replaced, and the wrapper."""


def observe_forward(classes: Iterable[type], around: Around) -> None:
    """Call a function around every call of `forward` of some classes, also on other threads."""
    with _lock:
        for owner in {_owner(kind) for kind in classes} - {None}:
            assert owner is not None
            original = vars(owner)["forward"]
            if owner not in _observers and isinstance(original, FunctionType):
                _replaced[owner] = original, _wrapper(owner, original)
                owner.forward = _replaced[owner][1]  # type: ignore[attr-defined]
            known = _observers.get(owner, ())
            if owner in _replaced and around not in known:
                _observers[owner] = (*known, around)


def stop_observing_forward(around: Around) -> None:
    """Undo `observe_forward` for all classes, unless other code has replaced `forward` since."""
    with _lock:
        for owner, known in list(_observers.items()):
            left = tuple(each for each in known if each != around)
            if left:
                _observers[owner] = left
                continue
            del _observers[owner]
            original, wrapper = _replaced.pop(owner)
            if vars(owner).get("forward") is wrapper:
                owner.forward = original  # type: ignore[attr-defined]


def forward_function(kind: type) -> object:
    """Return the attribute `forward` of a class as it is when it is not observed."""
    owner = _owner(kind)
    known = None if owner is None else _replaced.get(owner)
    return getattr(kind, "forward", None) if known is None else known[0]


def _owner(kind: type) -> type | None:
    """Return the class that defines the `forward` of a class; None for containers and scripts."""
    if issubclass(kind, torch.jit.ScriptModule):
        return None
    owner = next((each for each in kind.__mro__ if "forward" in vars(each)), None)
    return None if owner is torch.nn.Module else owner


def _wrapper(owner: type, original: FunctionType) -> Callable[..., Any]:
    @functools.wraps(original)
    def forward(module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        call: Callable[..., Any] = functools.partial(original, module)
        # The `forward` of a parent class, which that of a class calls, is no call of the module.
        if _owner(type(module)) is owner:
            for around in _observers.get(owner, ()):
                call = functools.partial(_around, around, module, call)
        return call(*args, **kwargs)

    return forward


def _around(
    around: Around, module: torch.nn.Module, call: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    return around(module, call, args, kwargs)
