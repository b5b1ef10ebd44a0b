"""Recognises evaluations of a model among its calls without gradients, and counts their modes.

Calls without gradients between two calls with gradients form a block. A block is an evaluation
unless it serves the training or needs the training mode: targets that are computed at every step,
samples of the same input (Monte Carlo dropout), and new statistics for batch norm.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.run.observations import Observations

_COMPARED = 64
"""Elements of an input that are compared, if it is on the CPU."""
_CALLS_PER_STEP = 2
"""Calls with gradients between two blocks, up to which the blocks belong to every step."""


class _Input:
    """The first tensor of a call, held weakly, with some of its values.

    Attributes
    ----------
    tensor : callable
        Returns the tensor; None if it does not exist any more.
    values : Tensor or None
    kind : tuple of Size and dtype, or None
    """

    def __init__(self, arguments: Iterable[Any]) -> None:
        tensor = next((each for each in arguments if isinstance(each, torch.Tensor)), None)
        self.tensor = _nothing if tensor is None else weakref.ref(tensor)
        self.values = None if tensor is None else _some_values(tensor)
        self.kind = None if tensor is None else (tensor.shape, tensor.dtype)

    def equals(self, other: _Input | None) -> bool:
        """Return whether both are the same tensor, or have the same shape and first values."""
        if other is None:
            return False
        own = self.tensor()
        if own is not None and own is other.tensor():
            return True
        first, second = self.values, other.values
        if first is None or second is None or self.kind != other.kind:
            return False
        return torch.equal(first, second)


def _nothing() -> torch.Tensor | None:
    return None


def _some_values(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return values of the first sample; None if reading them could wait for a device."""
    if not (tensor.is_cpu and tensor.layout is torch.strided and tensor.numel()):
        return None
    if not torch_compat.holds_values(tensor) or torch_compat.has_dispatch_mode():
        return None
    first = tensor.detach()[0] if tensor.dim() > 1 else tensor.detach()
    return first.reshape(-1)[:_COMPARED].clone()


@dataclass
class _Block:
    """Calls without gradients, with no call with gradients between them."""

    calls: int = 0
    repeated: int = 0
    """Calls with the same input as the call before."""
    in_evaluation_mode: bool = False
    first: _Input | None = None
    newest: _Input | None = None


@dataclass
class _Model:
    """The calls of one model."""

    calls: int = 0
    """Calls with gradients since the last block, or the block under way."""
    block: _Block | None = None
    earlier: _Block | None = None
    trained_on: _Input | None = None
    """The input of the call with gradients before the block under way."""


class Evaluations:
    """Counts the evaluations of some models, and those in training mode.

    Parameters
    ----------
    models : mapping of str to Module
    observed : Observations
        Its `evaluated_in_training` is updated; nothing is recorded without modules that depend on
        the mode.
    """

    def __init__(self, models: Mapping[str, nn.Module], observed: Observations) -> None:
        self._observed = observed
        self._models = {id(model): _Model() for model in models.values()}

    def trained(self, model: nn.Module) -> None:
        """Count a call with gradients, which ends a block."""
        known = self._models[id(model)]
        if known.block is not None:
            self._end_block(known)
        known.calls += 1

    def evaluated(
        self, model: nn.Module, arguments: Iterable[Any], trained_on: Iterable[Any]
    ) -> None:
        """Add a call without gradients to the block under way.

        Parameters
        ----------
        model : Module
        arguments : iterable
            Arguments of the call.
        trained_on : iterable
            Arguments of the newest call with gradients.
        """
        if not self._observed.mode_dependent:
            return
        known = self._models[id(model)]
        if known.block is None:
            if model.training and _recomputes_statistics(model, was_trained=known.calls > 0):
                return
            known.block, known.trained_on = _Block(), _Input(trained_on)
        block, newest = known.block, _Input(arguments)
        block.calls += 1
        block.repeated += newest.equals(block.newest)
        block.in_evaluation_mode = block.in_evaluation_mode or not model.training
        block.first, block.newest = block.first or newest, newest

    def close(self) -> None:
        """End the blocks under way."""
        for known in self._models.values():
            if known.block is not None:
                self._end_block(known)

    def _end_block(self, known: _Model) -> None:
        block, known.block = known.block, None
        if block is not None and (block.in_evaluation_mode or _is_evaluation(block, known)):
            self._observed.evaluated_in_training.add(seen=not block.in_evaluation_mode)
        known.earlier, known.calls, known.trained_on = block, 0, None


def _is_evaluation(block: _Block, known: _Model) -> bool:
    """Return whether a block in training mode evaluates the model."""
    if block.first is None or 2 * block.repeated >= block.calls:
        return False
    if known.calls > _CALLS_PER_STEP:
        return True
    # At every step: the same held-out data as before are evaluated; other data are targets.
    earlier = None if known.earlier is None else known.earlier.first
    return block.first.equals(earlier) and not block.first.equals(known.trained_on)


def _recomputes_statistics(model: nn.Module, *, was_trained: bool) -> bool:
    """Return whether batch norm computes its statistics anew, as in `update_bn`.

    `update_bn` averages over all batches (a momentum of None), and begins without statistics.
    """
    for module in model.modules():
        values = vars(module)
        if not values.get("track_running_stats"):
            continue
        if values.get("momentum", 0.0) is None:
            return True
        batches = module.num_batches_tracked
        if was_trained and isinstance(batches, torch.Tensor) and batches.is_cpu and batches == 0:
            return True
    return False
