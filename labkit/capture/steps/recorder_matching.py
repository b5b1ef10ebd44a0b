"""Which recorders share parameters, and which optimizers belong to the same recorder."""

from __future__ import annotations

import torch

from labkit.capture.steps.optimizer_recorder import OptimizerRecorder


def records_optimizer(
    recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer, names: set[tuple[str, ...]]
) -> bool:
    """Return whether a recorder already records the steps of an optimizer with these parameters.

    That is the case for a wrapper, which shares the parameter groups of the optimizer that it wraps
    or steps around it, and for an optimizer that holds the same parameters or replaces one that no
    longer exists. Two optimizers that share only some of their parameters and step independently,
    as in an adversarial autoencoder, have separate recorders.
    """
    held = {entry.names for entry in recorder.entries}
    if not names & held:
        return False
    alive = [each for ref in recorder.optimizers if (each := ref()) is not None]
    if not alive or recorder.depth or names == held:
        return True
    groups = {id(group) for each in alive for group in each.param_groups}
    return any(id(group) in groups for group in optimizer.param_groups)


def overlap(one: OptimizerRecorder, other: OptimizerRecorder) -> bool:
    """Return whether two recorders share parameters."""
    names = {entry.names for entry in one.entries}
    return any(entry.names in names for entry in other.entries)


def parameter_count(optimizer: torch.optim.Optimizer) -> int:
    """Return the number of parameters that an optimizer holds, watched or not."""
    return sum(len(group["params"]) for group in optimizer.param_groups)
