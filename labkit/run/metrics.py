"""Validation of logged metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labkit.run.kinds import is_reserved
from labkit.run.scalars import number


def checked_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return metrics as floats; the names are checked before any value is converted.

    Raises
    ------
    TypeError
        If a value is not a real number.
    ValueError
        If a name is reserved for series that labkit records.

    Examples
    --------
    >>> checked_metrics({"accuracy": 1})
    {'accuracy': 1.0}
    """
    for name in metrics:
        if is_reserved(name):
            raise ValueError(
                f"run.log({name}=...): {name!r} is the name of a series that labkit records "
                "itself. Log yours under another name, for example "
                f"my_{name.replace('/', '_')}=..."
            )
    return {name: number(name, value) for name, value in metrics.items()}
