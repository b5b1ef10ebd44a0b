"""Validation of what is passed to `Run.log`."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, NamedTuple

from labkit.run.logged.scalars import number
from labkit.run.logged.values import LoggedValue, is_sample
from labkit.run.series.kinds import is_reserved


class Logged(NamedTuple):
    """The arguments of one call.

    Attributes
    ----------
    numbers : dict of str to float
    values : list of LoggedValue
        Images, texts and figures, not yet converted.
    """

    numbers: dict[str, float]
    values: list[LoggedValue]


def checked_metrics(
    metrics: Mapping[str, Any],
    number_names: Container[str] = (),
    sample_names: Container[str] = (),
) -> Logged:
    """Return the numbers as floats; the names are checked before any value is converted.

    Parameters
    ----------
    metrics : mapping of str to object
    number_names, sample_names : container of str
        The names under which numbers, and images, texts or figures, were logged before.

    Raises
    ------
    TypeError
        If a value is not taken.
    ValueError
        If a name is reserved for series that labkit records, or has been used for a number and is
        now for a sample, or the other way round.

    Examples
    --------
    >>> checked_metrics({"accuracy": 1}).numbers
    {'accuracy': 1.0}
    """
    samples = {name: value for name, value in metrics.items() if is_sample(value)}
    for name in metrics:
        if is_reserved(name):
            raise ValueError(
                f"run.log({name}=...): {name!r} is the name of a series that labkit records "
                "itself. Log yours under another name, for example "
                f"my_{name.replace('/', '_')}=..."
            )
        if name in (number_names if name in samples else sample_names):
            raise ValueError(_name_taken(name, is_sample=name in samples))
    numbers = {name: number(name, value) for name, value in metrics.items() if name not in samples}
    return Logged(numbers, [LoggedValue(*each) for each in samples.items()])


def _name_taken(name: str, *, is_sample: bool) -> str:
    kinds = ["numbers", "images, texts or figures"]
    earlier, now = kinds if is_sample else reversed(kinds)
    other = f"{name}_{'picture' if is_sample else 'value'}"
    return (
        f"run.log({name}=...): {earlier} were logged under the name {name!r}, so that {now} need "
        f"another one, for example run.log({other}=...)."
    )
