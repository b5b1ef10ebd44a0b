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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree

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
    random_state : Tensor or None
        That of the CPU's generator as the call began, where the model draws from it.
    cuda_random_state : Tensor or None
        The same of the present CUDA device.
    """

    model: weakref.ref[nn.Module]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    random_state: torch.Tensor | None
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
        self._form: Call | None = None
        self._draws = {id(model): _draws(model) for model in models.values()}
        self._models = {id(model): weakref.ref(model) for model in models.values()}
        for model in models.values():
            if not torch_compat.is_compiled(model):
                _attend(type(model), self)

    def close(self) -> None:
        """Take the wrappers off and let go of the inputs."""
        self.newest = None
        _leave(self)

    def rest(self) -> None:
        """Look away, as from loops so fast that even this is felt; the form of a call is kept.

        Models that draw random numbers are looked at all the same: nothing else tells their state.
        """
        if self.newest is None or any(self._draws.values()):
            return
        _leave(self)
        newest, self.newest = self.newest, None
        form = _pytree.tree_map(_form_of, (newest.args, dict(newest.kwargs)))
        self._form = Call(newest.model, form[0], form[1], None, None)

    def call_with(self, tensors: Iterable[torch.Tensor]) -> Call | None:
        """Return the newest call; after a `rest` the one that was made with some of these tensors.

        Parameters
        ----------
        tensors : iterable of Tensor
            What autograd keeps of the step's inputs.

        Returns
        -------
        Call or None
            None where the inputs cannot be told from other tensors.
        """
        if self.newest is not None or self._form is None:
            return self.newest
        distinct = {tensor.data_ptr(): tensor for tensor in tensors}.values()
        leaves, tree = _pytree.tree_flatten((self._form.args, self._form.kwargs))
        filled = []
        for leaf in leaves:
            fitting = [t for t in distinct if isinstance(leaf, _Form) and leaf.fits(t)]
            if isinstance(leaf, _Form) and len(fitting) != 1:
                return None
            filled.append(fitting[0] if fitting else leaf)
        args, kwargs = _pytree.tree_unflatten(filled, tree)
        return Call(self._form.model, args, kwargs, None, None)

    def called(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Take one call of an object of a watched class."""
        known = self._models.get(id(model))
        if known is None or known() is not model:
            return
        if not torch.is_grad_enabled():
            self._observed.evaluated_in_training.add(seen=model.training)
            return
        state = cuda_state = None
        if self._draws[id(model)]:
            state = torch.random.get_rng_state()
            if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
                cuda_state = torch.cuda.get_rng_state()
        self.newest = Call(known, args, kwargs, state, cuda_state)


@dataclass(frozen=True)
class _Form:
    """What a tensor looks like, whatever the size of the batch."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    def fits(self, tensor: torch.Tensor) -> bool:
        return tuple(tensor.shape[1:]) == self.shape and tensor.dtype == self.dtype


def _form_of(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return _Form(tuple(value.shape[1:]), value.dtype)
    return value


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


def _draws(model: nn.Module) -> bool:
    """Return whether a model may draw random numbers, by what its modules say of themselves."""
    chances = (getattr(m, "p", getattr(m, "dropout", 0.0)) for m in model.modules())
    return any(isinstance(chance, (int, float)) and chance > 0 for chance in chances)
