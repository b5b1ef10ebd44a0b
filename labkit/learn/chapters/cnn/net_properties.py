"""What the check of chapter 08 observes of a network that a learner has built."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call
from labkit.learn.checks.torch_calls import TorchCalls

MOST_PARAMETERS = 3000
N_IMAGES, N_CLASSES = 5, 10

MODEL = "it is a model:"
SHAPE = "the shape of the output for 5 images"
FITS = "it has at most 3,000 parameters:"
CONVOLVES = "it has a convolution:"
LINEAR = "it is one linear function:"
PROBABILITIES = "its outputs are probabilities:"
LOG_PROBABILITIES = "its outputs are logarithms of probabilities:"
NEGATIVE = "its outputs can be negative:"
BOUNDED = "its outputs stay between 0 and 1:"
SQUASHED = "it ends with a tanh:"
POSITIVE = "its outputs can be positive:"
APART = "its output for an image is the same in any batch:"
FINITE = "its outputs are finite:"
HIDDEN = "it has weights that are not among its parameters:"
FROZEN = "all its weights are frozen:"

_TWO_DIMENSIONS = 2
_CONVOLUTIONS = {"conv2d", "convolution"}
_SUMS = _CONVOLUTIONS | {"linear", "matmul", "mm", "addmm", "einsum"}


class _Recorder:
    """Records the names of the functions that a forward pass calls, and the weights they get."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.weights: list[nn.Parameter] = []

    def record(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Add one call."""
        self.called.append(getattr(function, "__name__", ""))
        self.weights += [each for each in arguments if isinstance(each, nn.Parameter)]


def observe_net(call: Call) -> dict[str, Any]:
    """Return what matters of the network that a call returned."""
    net = call.result
    if not isinstance(net, nn.Module):
        return {MODEL: False}
    net.eval()
    generator = torch.Generator().manual_seed(4)
    one, other = torch.rand(2, N_IMAGES, 1, 8, 8, generator=generator)
    strong = 50 * torch.randn(64, 1, 8, 8, generator=generator)
    with torch.no_grad():
        recorder = _Recorder()
        with TorchCalls(recorder.record):
            output = net(one)
        if not isinstance(output, Tensor):
            return {MODEL: True, SHAPE: None if output is None else type(output).__name__}
        typical = _with_zeros_drawn(net)
        extremes, answer = typical(strong), typical(one)
        again, pair = net(one), net(one[:2])
        added = typical(one + other) - answer - typical(other) + typical(torch.zeros_like(one))
    parameters = list(net.parameters())
    return {
        MODEL: True,
        SHAPE: tuple(output.shape),
        FITS: sum(each.numel() for each in parameters) <= MOST_PARAMETERS,
        CONVOLVES: not _CONVOLUTIONS.isdisjoint(recorder.called),
        LINEAR: bool(added.abs().max() <= 1e-4 * answer.abs().max()),
        PROBABILITIES: _sums_to_one(output),
        LOG_PROBABILITIES: _sums_to_one(output.exp()),
        NEGATIVE: not bool((extremes >= 0).all()),
        BOUNDED: bool(((extremes >= 0) & (extremes <= 1)).all()),
        SQUASHED: bool((extremes.abs() <= 1).all()) and _ends_with_tanh(recorder.called),
        POSITIVE: not bool((extremes <= 0).all()),
        APART: _is_same_in_another_batch(output, again, pair),
        FINITE: bool(output.isfinite().all()),
        HIDDEN: not {id(each) for each in recorder.weights} <= {id(each) for each in parameters},
        FROZEN: not any(each.requires_grad for each in parameters),
    }


def _is_same_in_another_batch(output: Tensor, again: Tensor, pair: Tensor) -> bool:
    """Whether two images get the same output without the others; if not, it is not by chance."""
    if output.shape[1:] != pair.shape[1:] or len(pair) == len(output):
        return True
    same = partial(torch.allclose, atol=1e-4, equal_nan=True)
    return same(output[: len(pair)], pair) or not same(output, again)


def _with_zeros_drawn(net: nn.Module) -> nn.Module:
    """Return a copy in which no tensor of weights is all zero, as some begin at 0 and are right."""
    typical = copy.deepcopy(net)
    for parameter in typical.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return typical


def _ends_with_tanh(called: Sequence[str]) -> bool:
    """Whether no layer with weights comes after the last tanh."""
    for name in reversed(called):
        if name in _SUMS:
            return False
        if name in ("tanh", "tanh_", "hardtanh"):
            return True
    return False


def _sums_to_one(output: Tensor) -> bool:
    if output.dim() != _TWO_DIMENSIONS or bool((output < 0).any()):
        return False
    return torch.allclose(output.sum(dim=1), torch.ones(len(output)), atol=1e-4)
