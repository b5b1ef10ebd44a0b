"""Sees every call of a watched model from outside, at a fraction of a microsecond.

PyTorch's hooks would do, but global ones send every module of the process the long way round, and
a module's own are copied and pickled with it. So the `forward` of the model's class is wrapped
while one of its objects is watched, and put back when the last watch ends; other objects of the
class pass through.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.run.observations import Observations


@dataclass(eq=False)
class Call:
    """What a model was called with.

    Attributes
    ----------
    model : weak reference to the Module
    args, kwargs
        As they were given, not copied.
    random_state : Tensor
        That of the CPU's generator as the call began.
    cuda_random_state : Tensor or None
        The same of the present CUDA device.
    """

    model: weakref.ref[nn.Module]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    random_state: torch.Tensor
    cuda_random_state: torch.Tensor | None


class Witness:
    """Keeps the newest training call of the watched models, and counts modes.

    Parameters
    ----------
    models : mapping of str to Module
    observed : Observations
        Where modes are counted.
    """

    def __init__(self, models: Mapping[str, nn.Module], observed: Observations) -> None:
        self.newest: Call | None = None
        self._observed = observed
        self._models = {id(model): weakref.ref(model) for model in models.values()}
        for model in models.values():
            if not torch_compat.is_compiled(model):
                _attend(type(model), self)

    def close(self) -> None:
        """Take the wrappers off and let go of the inputs."""
        self.newest = None
        _leave(self)

    def called(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Take one call of an object of a watched class."""
        known = self._models.get(id(model))
        if known is None or known() is not model:
            return
        if not torch.is_grad_enabled():
            self._observed.evaluated_in_training.add(seen=model.training)
            return
        cuda_state = torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
        self.newest = Call(known, args, kwargs, torch.random.get_rng_state(), cuda_state)


@dataclass(eq=False)
class _Wrapped:
    """A class whose `forward` is wrapped."""

    own: Any
    """What stood in the class's own namespace, None if `forward` was inherited."""
    wrapper: Callable[..., Any]
    witnesses: tuple[Witness, ...]


_wrapped: dict[type[nn.Module], _Wrapped] = {}
_lock = threading.Lock()


def _attend(kind: type[nn.Module], witness: Witness) -> None:
    with _lock:
        known = _wrapped.get(kind)
        if known is None:
            known = _wrapped[kind] = _wrap(kind)
        if witness not in known.witnesses:
            known.witnesses = (*known.witnesses, witness)


def _leave(witness: Witness) -> None:
    with _lock:
        for kind, wrapped in list(_wrapped.items()):
            wrapped.witnesses = tuple(w for w in wrapped.witnesses if w is not witness)
            if not wrapped.witnesses:
                del _wrapped[kind]
                if kind.__dict__.get("forward") is not wrapped.wrapper:
                    continue  # somebody else wrapped it in the meantime; ours only passes on
                if wrapped.own is None:
                    del kind.forward
                else:
                    kind.forward = wrapped.own


def _wrap(kind: type[nn.Module]) -> _Wrapped:
    original = kind.forward

    @functools.wraps(original)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if type(self) is kind and kind in _wrapped:
            for witness in _wrapped[kind].witnesses:
                witness.called(self, args, kwargs)
        return original(self, *args, **kwargs)

    own = kind.__dict__.get("forward")
    kind.forward = forward
    return _Wrapped(own, forward, ())
