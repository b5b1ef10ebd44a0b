"""Records the newest training call of the watched models, and in which mode they are called."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.hooks.module_calls import ModuleCalls
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


class CallHistory:
    """Keeps the newest training call of the watched models, and counts modes.

    Parameters
    ----------
    models : mapping of str to Module
    observed : Observations
        Where modes are counted.
    called : callable
        Called when a model is called while gradients are recorded, before its forward pass.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        observed: Observations,
        called: Callable[[], None] = lambda: None,
    ) -> None:
        self.calls = 0
        """Calls of the models while gradients were recorded."""
        self._on_call = called
        self.newest: Call | None = None
        self._observed = observed
        self._form: Call | None = None
        self._draws = {id(model): _draws(model) for model in models.values()}
        self._models = {id(model): weakref.ref(model) for model in models.values()}
        self._seen = [ModuleCalls(model, self.called) for model in models.values()]

    def close(self) -> None:
        """Stop recording and release the inputs."""
        self.newest = None
        self._stop()

    def rest(self) -> None:
        """Stop recording calls, as in loops so fast that it is felt; the form of a call is kept.

        Models that draw random numbers are recorded all the same: nothing else tells their state.
        """
        if self.newest is None or any(self._draws.values()):
            return
        self._stop()
        newest, self.newest = self.newest, None
        form = torch_compat.tree_map(_form_of, (newest.args, dict(newest.kwargs)))
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
        leaves, tree = torch_compat.tree_flatten((self._form.args, self._form.kwargs))
        filled = []
        for leaf in leaves:
            fitting = [t for t in distinct if isinstance(leaf, _Form) and leaf.fits(t)]
            if isinstance(leaf, _Form) and len(fitting) != 1:
                return None
            filled.append(fitting[0] if fitting else leaf)
        args, kwargs = torch_compat.tree_unflatten(filled, tree)
        return Call(self._form.model, args, kwargs, None, None)

    def called(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Record one call of a watched model."""
        known = self._models.get(id(model))
        if known is None or known() is not model:
            return
        if not torch.is_grad_enabled():
            self._observed.evaluated_in_training.add(seen=model.training)
            return
        self.calls += 1
        self._on_call()
        state = cuda_state = None
        if self._draws[id(model)]:
            state = torch.random.get_rng_state()
            if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
                cuda_state = torch.cuda.get_rng_state()
        self.newest = Call(known, args, kwargs, state, cuda_state)

    def _stop(self) -> None:
        for each in self._seen:
            each.close()
        self._seen = []


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


def _draws(model: nn.Module) -> bool:
    """Return whether a model may draw random numbers, by its modules' attributes.

    Only those that are stored are read, as a property would run the user's code.
    """
    chances = (vars(m).get("p", vars(m).get("dropout")) for m in model.modules())
    return any(isinstance(chance, (int, float)) and chance > 0 for chance in chances)
