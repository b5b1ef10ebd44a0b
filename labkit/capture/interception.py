"""Learn of calls that torch has no hook for: `backward`, and iterating a `DataLoader`.

Some functions of torch are wrapped while at least one probe listens, and put back when the
last one leaves. The wrappers pass everything on unchanged; if somebody else wrapped them in
the meantime, ours stays underneath and does nothing.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader

from labkit.capture.loading import BatchCame, wrap_iterators


@dataclass(eq=False)
class Taps:
    """What is told of the calls; must raise nothing but an interrupt.

    Attributes
    ----------
    backward : callable
        Called in place of `torch.autograd.backward` with what it has to call, once, between
        whatever else it does, and with the arguments of the call: the first one, the other
        positional ones, the named ones.
    loader_started : callable
        Told each loader over which an iteration begins.
    batch_came : callable
        Told each loader's iterator that gave a batch, and how long that took, in nanoseconds.
    """

    backward: Callable[[Callable[..., None], Any, tuple[Any, ...], Mapping[str, Any]], None]
    loader_started: Callable[[DataLoader[Any]], object]
    batch_came: BatchCame


_taps: tuple[Taps, ...] = ()
_restore: list[Callable[[], None]] = []
_lock = threading.Lock()


def listen(taps: Taps) -> None:
    """Begin to tell what is given."""
    global _taps  # noqa: PLW0603 - one tuple, replaced whole, so that readers need no lock
    with _lock:
        if not _taps:
            _restore.extend([_wrap_backward(), _wrap_loader(), wrap_iterators(_told_of_batches)])
        _taps = (*_taps, taps)


def _told_of_batches() -> tuple[BatchCame, ...]:
    return tuple(taps.batch_came for taps in _taps)


def leave(taps: Taps) -> None:
    """Stop telling it; the last one takes the wrappers off. Harmless when repeated."""
    global _taps  # noqa: PLW0603 - see listen
    with _lock:
        _taps = tuple(other for other in _taps if other is not taps)
        if not _taps:
            while _restore:
                _restore.pop()()


def _wrap_backward() -> Callable[[], None]:
    original = torch.autograd.backward

    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        told = _taps
        if not told:
            original(tensors, *args, **kwargs)
            return
        proceed = original
        for taps in told[1:]:
            proceed = functools.partial(_through, taps, proceed)
        told[0].backward(proceed, tensors, args, kwargs)

    torch.autograd.backward = backward

    def restore() -> None:
        if torch.autograd.backward is backward:
            torch.autograd.backward = original

    return restore


def _through(taps: Taps, proceed: Callable[..., None], roots: Any, *args: Any, **kw: Any) -> None:
    taps.backward(proceed, roots, args, kw)


def _wrap_loader() -> Callable[[], None]:
    original = DataLoader.__iter__

    @functools.wraps(original)
    def iterate(loader: DataLoader[Any]) -> Iterator[Any]:
        for taps in _taps:
            taps.loader_started(loader)
        return original(loader)

    DataLoader.__iter__ = iterate  # type: ignore[method-assign, assignment]

    def restore() -> None:
        if DataLoader.__iter__ is iterate:
            DataLoader.__iter__ = original  # type: ignore[method-assign]

    return restore
