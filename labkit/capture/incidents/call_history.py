"""Records the newest training call of the watched models, and their evaluations."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.hooks.call_interceptor import CallInterceptor
from labkit.capture.incidents.evaluations import Evaluations
from labkit.run.observations import Observations


@dataclass(eq=False)
class Call:
    """The arguments and the random state of a model's call.

    Attributes
    ----------
    model : weak reference to Module
    args, kwargs
        The given arguments, not copied.
    random_state : Tensor or None
        State of the CPU generator before the call; None if the model draws no random numbers.
    cuda_random_state : Tensor or None
        State of the generator of the current CUDA device before the call.
    """

    model: weakref.ref[nn.Module]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    random_state: torch.Tensor | None
    cuda_random_state: torch.Tensor | None


class CallHistory:
    """Stores the newest training call of the watched models, and counts evaluations.

    Parameters
    ----------
    models : mapping of str to Module
    observed : Observations
        Its `evaluated_in_training` is updated.
    called : callable
        Called before the forward pass of a model that is called with gradients enabled.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        observed: Observations,
        called: Callable[[], None] = lambda: None,
    ) -> None:
        self.calls = 0
        """Number of calls of the models with gradients enabled."""
        self._on_call = called
        self.newest: Call | None = None
        self._evaluations: Evaluations | None = Evaluations(models, observed)
        self._call_spec: Call | None = None
        self._may_draw = {id(model): _may_draw(model) for model in models.values()}
        self._models = {id(model): weakref.ref(model) for model in models.values()}
        self._interceptors = [CallInterceptor(model, self.called) for model in models.values()]

    def close(self) -> None:
        """Stop recording, and release the inputs."""
        self._add_call(lambda evaluations: evaluations.close())
        self.newest = None
        self._remove_interceptors()

    def stop_recording(self) -> None:
        """Stop recording calls, in loops that this would slow down; only their shapes are stored.

        Models that draw random numbers are still recorded, as their random state is known only at
        the call.
        """
        if self.newest is None or any(self._may_draw.values()):
            return
        self._remove_interceptors()
        newest, self.newest = self.newest, None
        spec = torch_compat.tree_map(_spec_of, (newest.args, dict(newest.kwargs)))
        self._call_spec = Call(newest.model, spec[0], spec[1], None, None)

    def call_with(self, tensors: Iterable[torch.Tensor]) -> Call | None:
        """Return the newest call; after `stop_recording` it is reconstructed from some tensors.

        Parameters
        ----------
        tensors : iterable of Tensor
            Inputs of the step that autograd has saved.

        Returns
        -------
        Call or None
            None if the inputs cannot be distinguished from other tensors.
        """
        if self.newest is not None or self._call_spec is None:
            return self.newest
        distinct = {tensor.data_ptr(): tensor for tensor in tensors}.values()
        leaves, tree = torch_compat.tree_flatten((self._call_spec.args, self._call_spec.kwargs))
        filled_leaves = []
        for leaf in leaves:
            fitting = [t for t in distinct if isinstance(leaf, _TensorSpec) and leaf.fits(t)]
            if isinstance(leaf, _TensorSpec) and len(fitting) != 1:
                return None
            filled_leaves.append(fitting[0] if fitting else leaf)
        args, kwargs = torch_compat.tree_unflatten(filled_leaves, tree)
        return Call(self._call_spec.model, args, kwargs, None, None)

    def called(self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Record one call of a watched model."""
        known = self._models.get(id(model))
        if known is None or known() is not model:
            return
        if not torch.is_grad_enabled():
            self._add_evaluation(model, args, kwargs)
            return
        self.calls += 1
        if self._evaluations is not None:
            self._evaluations.trained(model)
        self._on_call()
        state = cuda_state = None
        if self._may_draw[id(model)]:
            state = torch.random.get_rng_state()
            if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
                cuda_state = torch.cuda.get_rng_state()
        self.newest = Call(known, args, kwargs, state, cuda_state)

    def _add_evaluation(
        self, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        newest = self.newest
        trained_on = () if newest is None else (*newest.args, *newest.kwargs.values())
        self._add_call(lambda each: each.evaluated(model, (*args, *kwargs.values()), trained_on))

    def _add_call(self, add: Callable[[Evaluations], None]) -> None:
        """Update the evaluations; after a fault they are not counted any more."""
        if self._evaluations is None:
            return
        try:
            with torch.no_grad(), torch_compat.without_functions():
                add(self._evaluations)
        except Exception:  # noqa: BLE001 - a fault here must not reach the user's model
            self._evaluations = None

    def _remove_interceptors(self) -> None:
        for each in self._interceptors:
            each.close()
        self._interceptors = []


@dataclass(frozen=True)
class _TensorSpec:
    """Shape and dtype of a tensor, without the batch dimension."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    def fits(self, tensor: torch.Tensor) -> bool:
        return tuple(tensor.shape[1:]) == self.shape and tensor.dtype == self.dtype


def _spec_of(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return _TensorSpec(tuple(value.shape[1:]), value.dtype)
    return value


def _may_draw(model: nn.Module) -> bool:
    """Return whether a model may draw random numbers, according to its modules' attributes.

    Properties are not read, as they would run code of the user.
    """
    chances = (vars(m).get("p", vars(m).get("dropout")) for m in model.modules())
    return any(isinstance(chance, (int, float)) and chance > 0 for chance in chances)
