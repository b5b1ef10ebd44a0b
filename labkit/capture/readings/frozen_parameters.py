"""Records which parameters are frozen: those whose `requires_grad` is False."""

from __future__ import annotations

from dataclasses import replace

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable
from labkit.run import Run


class FrozenParameters:
    """The frozen parameters of a table, as a property of the run's model.

    Parameters
    ----------
    table : ParameterTable
    """

    def __init__(self, table: ParameterTable) -> None:
        self._table = table
        self._recorded: tuple[tuple[str, ...], ...] | None = None
        """The names of the frozen parameters when they were last recorded."""

    def record(self, run: Run) -> None:
        """Record the names of the frozen parameters, and the number of trainable elements."""
        frozen = tuple(
            entry.names
            for entry in self._table.watched
            if (parameter := entry.parameter()) is not None and not parameter.requires_grad
        )
        if frozen == self._recorded:
            return
        self._recorded = frozen
        parameters = (entry.parameter() for entry in self._table.watched)
        trainable = sum(
            parameter.numel()
            for parameter in parameters
            if parameter is not None
            and parameter.requires_grad
            and torch_compat.has_storage(parameter)
        )
        names = tuple(name for names in frozen for name in names)
        run.describe_model(replace(run.model, trainable=trainable, frozen=names))
