"""Reads the setup of the loop: parameters without a gradient or a step, equal units, and decay."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_early_reading
from labkit.capture.readings.equal_units import EqualUnits
from labkit.capture.readings.reading import Reading, UpdateContext
from labkit.run import Run

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
        self._equal_units = EqualUnits()

    def before_update(self, context: UpdateContext) -> bool:
        """Check the parameters of the optimizer, and those that no optimizer holds."""
        self._equal_units.read(context.run, context.transfer, context.step, context.reader.entries)
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
