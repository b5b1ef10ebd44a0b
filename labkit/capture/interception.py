"""Learn of calls that torch has no hook for: `backward`, and iterating a `DataLoader`.

Some functions of torch are wrapped while a probe listens, and put back when it leaves. The
wrappers pass everything on unchanged; if somebody else wrapped them in the meantime, ours stays
underneath and does nothing.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader

from labkit.capture.loading import BatchCame, wrap_iterators

Backward = Callable[..., None]
"""`torch.autograd.backward`, or what stands in its place."""


@dataclass(eq=False)
class Taps:
    """What is told of the calls; must raise nothing but an interrupt.

    Attributes
    ----------
    around_backward : callable
        Takes what has to be called for a backward pass, and returns what is called in its place.
    loader_started : callable
        Told each loader over which an iteration begins.
    batch_came : callable
        Told each loader's iterator that gave a batch, and how long that took, in nanoseconds.
    """

    around_backward: Callable[[Backward], Backward]
    loader_started: Callable[[DataLoader[Any]], object]
    batch_came: BatchCame


@dataclass(eq=False)
class _Layer:
    """One probe's wrapper around `backward`; each is called directly, since every call is felt."""

    taps: Taps
    wrapper: Backward
    beneath: Backward
    left: bool = False


_taps: tuple[Taps, ...] = ()
_layers: list[_Layer] = []
_restore: list[Callable[[], None]] = []
_lock = threading.Lock()


def listen(taps: Taps) -> None:
    """Begin to tell what is given."""
    global _taps  # noqa: PLW0603 - one tuple, replaced whole, so that readers need no lock
    with _lock:
        if not _taps:
            _restore.extend([_wrap_loader(), wrap_iterators(_told_of_batches)])
        _taps = (*_taps, taps)
        _wrap_backward(taps)


def _told_of_batches() -> tuple[BatchCame, ...]:
    return tuple(taps.batch_came for taps in _taps)


def leave(taps: Taps) -> None:
    """Stop telling it; the last one takes the wrappers off. Harmless when repeated."""
    global _taps  # noqa: PLW0603 - see listen
    with _lock:
        _taps = tuple(other for other in _taps if other is not taps)
        _unwrap_backward(taps)
        if not _taps:
            while _restore:
                _restore.pop()()


def _wrap_backward(taps: Taps) -> None:
    beneath = torch.autograd.backward
    wrapper = functools.wraps(beneath)(taps.around_backward(beneath))
    _layers.append(_Layer(taps, wrapper, beneath))
    torch.autograd.backward = wrapper


def _unwrap_backward(taps: Taps) -> None:
    for layer in _layers:
        layer.left = layer.left or layer.taps is taps
    while _layers and _layers[-1].left and torch.autograd.backward is _layers[-1].wrapper:
        torch.autograd.backward = _layers.pop().beneath


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
