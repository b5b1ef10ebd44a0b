"""Checks whether a loop can go on training while some parameters are frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.parameters import Watched
from labkit.capture.steps import StepMachine

Names = tuple[str, ...]
_TOGGLED = (
    "{path!r} is not frozen: its parameters have gradients, but require none at this moment, so "
    "the loop seems to set requires_grad itself, and would thaw them again. Leave out the step of "
    "their optimizer in the loop instead."
)


def requires_grad(entry: Watched) -> bool:
    """Return whether a parameter requires a gradient."""
    parameter = entry.parameter()
    return parameter is not None and parameter.requires_grad


def check_found(path: str, held: Iterable[Watched]) -> None:
    """Raise, as no parameter of a module requires a gradient that could be frozen."""
    if any(not requires_grad(entry) and _has_gradient(entry) for entry in held):
        raise RuntimeError(_TOGGLED.format(path=path))
    raise ValueError(f"All parameters of {path!r} are frozen already.")


def check_loop(loop: StepMachine, models: Iterable[nn.Module], path: str) -> None:
    """Raise if a loop cannot train without the gradients of some parameters."""
    optimizers = [each.optimizer for each in loop.recorders.with_optimizers]
    if loop.recorders.manual is not None:
        reason = (
            "the weights are updated by hand in this loop, and without a gradient of each "
            "parameter such an update may raise."
        )
    elif any(isinstance(each, torch.optim.LBFGS) for each in optimizers):
        reason = (
            "LBFGS moves all parameters along directions of earlier steps, also those without "
            "a gradient. Make a new optimizer."
        )
    elif any(
        isinstance(module, nn.parallel.DistributedDataParallel)
        for model in models
        for module in torch_compat.all_modules(model)
    ):
        reason = (
            "DistributedDataParallel expects gradients of the parameters that it was made with."
        )
    else:
        return
    raise RuntimeError(f"{path!r} is not frozen: {reason}")


def check_rest(
    loop: StepMachine, labels: Iterable[str], frozen: Collection[Names], path: str
) -> None:
    """Raise if nothing with a gradient would be left of a model, or for a scaled optimizer."""
    for label in labels:
        own = [entry for entry in loop.table.watched if entry.label == label]
        if _trains_only(own, frozen):
            raise ValueError(
                f"{path or 'The model'!r} is not frozen: no parameter of the "
                f"{f'model {label!r}' if label else 'model'} that gets a gradient would be "
                "left, and loss.backward() would raise. Pause the run instead, or freeze less."
            )
    for recorder in loop.recorders.required if loop.scales.found else ():
        if _trains_only(recorder.entries, frozen):
            raise ValueError(
                f"{path or 'The model'!r} is not frozen: no gradient would be left for one of the "
                "optimizers, and GradScaler.step() raises an error without any. Freeze less, or "
                "leave out the step of this optimizer in the loop."
            )


def _trains_only(entries: Sequence[Watched], names: Collection[Names]) -> bool:
    """Return whether all parameters that are trained are among some; False if none is."""
    trained = [entry for entry in entries if requires_grad(entry)]
    used = [entry for entry in trained if _has_gradient(entry)] or trained
    return bool(used) and all(entry.names in names for entry in used)


def _has_gradient(entry: Watched) -> bool:
    parameter = entry.parameter()
    return parameter is not None and parameter.grad is not None
