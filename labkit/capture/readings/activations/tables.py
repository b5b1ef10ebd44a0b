"""Records statistics of activations: one table of each kind, with one column for each module."""

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
    """Append a row to the table of one kind of statistics; modules that are not named get NaN.

    Parameters
    ----------
    run : Run
    transfer : DeviceTransfer
        Copies the values to the host.
    step : int
    kind : str
        Name of the table, for example ``"act_mean"``.
    names : sequence of str, length n
        Paths of modules. A new one adds a column.
    values : Tensor, shape (n,), dtype float32
    """
    table = run.recorder.table(kind, kind, names)
    transfer.submit(values.contiguous(), lambda row: table.append_columns(step, names, row))
