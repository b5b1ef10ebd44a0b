"""Reads the setup of the loop: parameters without a gradient or a step, and weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_early_reading
from labkit.capture.readings.reading import Reading, UpdateContext
from labkit.run import Run

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
_MAX_NAMES = 64


class SetupReading(Reading):
    """Finds parameters that get no gradient or no step, and reads the weight decay.

    Parameters
    ----------
    table : ParameterTable
    """

    name = "checks"

    def __init__(self, table: ParameterTable) -> None:
        super().__init__(
            ReadingBudget(
                share=0.05,
                max_fraction=0.0001,
                min_interval_ns=SECOND_NS // 2,
                latest_next=next_early_reading,
            )
        )
        self._table = table

    def before_update(self, context: UpdateContext) -> bool:
        """Check the parameters of the optimizer, and those that no optimizer holds."""
        held = [entry for reader in context.readers for entry in reader.entries]
        _check(context.run, self._table, context.reader.entries, context.optimizer, held)
        return True


def _check(
    run: Run,
    table: ParameterTable,
    entries: Sequence[Watched],
    optimizer: torch.optim.Optimizer | None,
    held: Sequence[Watched],
) -> None:
    """Record parameters that get no gradient or no step, before an optimizer's update.

    Parameters
    ----------
    run : Run
    table : ParameterTable
    entries : sequence of Watched
        The parameters of this optimizer.
    optimizer : Optimizer or None
    held : sequence of Watched
        The parameters of all optimizers.
    """
    observed = run.observations
    parameters = [(entry, entry.parameter()) for entry in entries]
    observed.without_gradient = tuple(
        entry.names[0]
        for entry, parameter in parameters
        if parameter is not None and parameter.requires_grad and parameter.grad is None
    )[:_MAX_NAMES]
    if optimizer is None:
        return
    observed.weight_decay = max(
        (float(group.get("weight_decay", 0.0)) for group in optimizer.param_groups), default=0.0
    )
    # Other models may train on other threads, so their parameters are not read.
    names, labels = {entry.names for entry in held}, {entry.label for entry in entries}
    observed.without_optimizer = tuple(
        entry.names[0]
        for entry in table.watched
        if entry.label in labels and entry.names not in names and _has_gradient(entry)
    )[:_MAX_NAMES]


def _has_gradient(entry: Watched) -> bool:
    parameter = entry.parameter()
    return parameter is not None and parameter.requires_grad and parameter.grad is not None


def mode_dependent(models: Mapping[str, nn.Module]) -> tuple[str, ...]:
    """Return the paths of at most 64 modules that depend on training or evaluation mode."""
    found = []
    for label, model in models.items():
        for path, module in model.named_modules():
            drops = isinstance(module, _DROPOUTS) and module.p > 0
            normalises = isinstance(module, _BATCH_NORMS) and module.track_running_stats
            if drops or normalises:
                found.append(f"{label}.{path}" if label and path else path or label)
    return tuple(found[:_MAX_NAMES])
