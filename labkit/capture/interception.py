"""Learn of calls that torch has no hook for: `backward`, and iterating a `DataLoader`.

Two functions of torch are wrapped while at least one probe listens, and put back when the
last one leaves. The wrappers pass everything on unchanged; if somebody else wrapped them in
the meantime, ours stays underneath and does nothing.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader


class Listener(Protocol):
    """What is told of the calls; must not raise anything but an interrupt."""

    def before_backward(self, roots: object) -> None:
        """Hear the first argument of `torch.autograd.backward`, before it."""

    def after_backward(self, roots: object) -> None:
        """Hear the same after it, if it raised nothing."""

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Hear that an iteration over a loader begins."""


_listeners: tuple[Listener, ...] = ()
_restore: list[Callable[[], None]] = []
_lock = threading.Lock()


def listen(listener: Listener) -> None:
    """Begin to tell a listener."""
    global _listeners  # noqa: PLW0603 - one tuple, replaced whole, so that readers need no lock
    with _lock:
        if not _listeners:
            _restore.extend([_wrap_backward(), _wrap_loader()])
        _listeners = (*_listeners, listener)


def leave(listener: Listener) -> None:
    """Stop telling a listener; the last one takes the wrappers off. Harmless when repeated."""
    global _listeners  # noqa: PLW0603 - see listen
    with _lock:
        _listeners = tuple(other for other in _listeners if other is not listener)
        if not _listeners:
            while _restore:
                _restore.pop()()


def _wrap_backward() -> Callable[[], None]:
    original = torch.autograd.backward

    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        told = _listeners
        for listener in told:
            listener.before_backward(tensors)
        original(tensors, *args, **kwargs)
        for listener in told:
            listener.after_backward(tensors)

    torch.autograd.backward = backward

    def restore() -> None:
        if torch.autograd.backward is backward:
            torch.autograd.backward = original

    return restore


def _wrap_loader() -> Callable[[], None]:
    original = DataLoader.__iter__

    @functools.wraps(original)
    def iterate(loader: DataLoader[Any]) -> Iterator[Any]:
        for listener in _listeners:
            listener.loader_started(loader)
        return original(loader)

    DataLoader.__iter__ = iterate  # type: ignore[method-assign, assignment]

    def restore() -> None:
        if DataLoader.__iter__ is iterate:
            DataLoader.__iter__ = original  # type: ignore[method-assign]

    return restore
