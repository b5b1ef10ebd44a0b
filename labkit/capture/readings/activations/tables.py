"""The way of the activations' numbers into the run: one table of each kind, one column a module."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run


def write(
    run: Run,
    transfer: DeviceTransfer,
    step: int,
    kind: str,
    names: Sequence[str],
    values: torch.Tensor,
) -> None:
    """Add a row to the table of a kind; a module that is not named has NaN in it.

    Parameters
    ----------
    run : Run
    transfer : DeviceTransfer
        Brings the values to the host.
    step : int
    kind : str
        The table, for example ``"act_mean"``.
    names : sequence of str, length n
        Paths of modules. Those that are new become columns.
    values : Tensor, shape (n,), dtype float32
    """
    table = run.recorder.table(kind, kind, names)
    transfer.submit(values.contiguous(), lambda row: table.append_columns(step, names, row))
