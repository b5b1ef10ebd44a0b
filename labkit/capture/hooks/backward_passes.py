"""Calls the listeners around `torch.autograd.backward`, for which torch has no hook."""

from __future__ import annotations

import functools
from typing import Any

import torch

from labkit.capture import torch_compat
from labkit.capture.hooks import frozen_passes, registry
from labkit.capture.hooks.listener import Backward, LoopListener

is_compiling = torch.compiler.is_dynamo_compiling

_installed: list[tuple[Backward, Backward]] = []
"""The installed wrappers in order, each with the function that it calls."""


def install() -> None:
    """Replace `torch.autograd.backward` by a wrapper."""
    original = torch.autograd.backward
    wrapper = _around(original)
    _installed.append((wrapper, original))
    torch.autograd.backward = wrapper


def uninstall() -> None:
    """Restore the original function; below another wrapper labkit's remains and passes calls on."""
    while _installed and torch.autograd.backward is _installed[-1][0]:
        torch.autograd.backward = _installed.pop()[1]


def _around(original: Backward) -> Backward:
    here, state = registry.THREAD, registry.STATE

    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if is_compiling():
            original(tensors, *args, **kwargs)
            return
        # Written out, as each further call here would slow down a fast loop.
        passes = here.passes
        if passes.stamp != state.stamp or passes.are_searched:
            registry.look_up(passes, tensors)
        listener = passes.listener
        try:
            if listener is not None:
                listener.run_pass(original, tensors, args, kwargs)
            elif passes.listeners:
                _run_for_several(passes.listeners, original, tensors, args, kwargs)
            else:
                original(tensors, *args, **kwargs)
        except RuntimeError:
            left = frozen_passes.trainable_part(tensors, args, kwargs)
            if left is None:
                raise
            if left[0]:
                backward(left[0], *left[1], **left[2])

    torch_compat.without_compilation(backward)
    return backward


def _run_for_several(
    listeners: tuple[LoopListener, ...],
    original: Backward,
    tensors: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    """Run a backward pass that several watches of one thread may record."""
    recording = tuple(listener for listener in listeners if listener.begin_pass())
    try:
        for listener in recording:
            listener.before_pass(tensors)
        original(tensors, *args, **kwargs)
    except BaseException:
        for listener in recording:
            listener.pass_failed()
        raise
    _after(recording, tensors)


def _after(listeners: tuple[LoopListener, ...], tensors: Any) -> None:
    """Call all listeners, even if one of them raises an interrupt."""
    for number, listener in enumerate(listeners):
        try:
            listener.after_pass(tensors)
        except BaseException:
            _after(listeners[number + 1 :], tensors)
            raise
