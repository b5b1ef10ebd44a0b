"""The series of one optimizer's steps: the loss and the learning rates."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run, SeriesTable

Rates = float | Sequence[float]
"""The learning rate of the only parameter group, or one rate for each group."""
Row = tuple[int, float | None, Rates | None]
"""A step, its loss and its learning rates; None for a value that is not part of the row."""


class StepSeries:
    """Writes the losses and learning rates of one optimizer's steps into the run's tables.

    Parameters
    ----------
    name : str
        Distinguishes the series from those of other optimizers; ``""`` for the plain names.
    """

    def __init__(self, name: str) -> None:
        self._loss_name = f"loss/{name}" if name else "loss"
        self._rates_name = f"lr:{name}" if name else "lr"
        self._prefix = f"{name}." if name else ""
        self._group_names: tuple[str, ...] = ()

    def create_loss_table(self, run: Run) -> SeriesTable:
        """Return the table of the loss, which is created if there is none."""
        return run.recorder.table(self._loss_name, "loss", [self._loss_name])

    def write(self, run: Run, rows: deque[Row]) -> None:
        """Move pending rows into the run's tables; on any thread."""
        taken = [rows.popleft() for _ in range(len(rows))]
        losses = [(step, loss) for step, loss, _ in taken if loss is not None]
        if losses:
            table = self.create_loss_table(run)
            table.extend([step for step, _ in losses], [loss for _, loss in losses])
        rated = [(step, rates) for step, _, rates in taken if rates is not None]
        if rated:
            listed = [list(r) if isinstance(r, (list, tuple)) else [r] for _, r in rated]
            self._rates_table(run, max(map(len, listed))).extend(
                [step for step, _ in rated],
                listed,
            )

    def submit_loss(
        self,
        run: Run,
        transfer: DeviceTransfer,
        step: int,
        loss: torch.Tensor,
        on_arrival: Callable[[int, float], object],
    ) -> None:
        """Write a loss that is on a device when it has been copied to the host.

        Parameters
        ----------
        run : Run
        transfer : DeviceTransfer
        step : int
        loss : Tensor
            One number.
        on_arrival : callable
            Called with the step and the loss once it is on the host.
        """
        table = self.create_loss_table(run)

        def deliver(row: Any) -> None:
            table.append(step, row)
            on_arrival(step, float(row[0]))

        transfer.submit(loss.reshape(1), deliver)

    def submit_rates(
        self, run: Run, transfer: DeviceTransfer, step: int, rates: Sequence[Any]
    ) -> None:
        """Write learning rates of which some are tensors, when they have been copied."""
        # Numbers would be on the default device, which the user may have set.
        device = next((each.device for each in rates if isinstance(each, torch.Tensor)), "cpu")
        stacked = torch.stack(
            [
                torch.as_tensor(each, dtype=torch.float32, device=device).reshape(())
                for each in rates
            ]
        )
        table = self._rates_table(run, len(rates))
        transfer.submit(stacked, lambda row: table.append(step, row.copy()))

    def name_groups(self, groups: Sequence[dict[str, Any]]) -> None:
        """Record the names of the parameter groups, for the columns of the learning rates."""
        names = zip(self.group_names(groups), groups, strict=True)
        self._group_names = tuple(name for name, group in names if "lr" in group)

    def group_names(self, groups: Sequence[dict[str, Any]]) -> list[str]:
        """Return the names of parameter groups, as in the series of their learning rates.

        Each is unique: a name that is used twice is followed by the number of its group.
        """
        names: list[str] = []
        for number, group in enumerate(groups):
            name = f"{self._prefix}{group.get('name', number)}"
            names.append(f"{name} (group {number})" if name in names else name)
        return names

    def _rates_table(self, run: Run, width: int) -> SeriesTable:
        known = self._group_names[:width]
        names = [*known, *(f"{self._prefix}{n}" for n in range(len(known), width))]
        return run.recorder.table(self._rates_name, "lr", names)


def rates_of(optimizer: torch.optim.Optimizer) -> Rates | None:
    """Return the learning rate of each parameter group; None if no group has one."""
    groups = optimizer.param_groups
    if len(groups) == 1:
        rate = groups[0].get("lr")
        return float(rate) if rate is not None else None
    rates = [float(group["lr"]) for group in groups if "lr" in group]
    return rates or None
