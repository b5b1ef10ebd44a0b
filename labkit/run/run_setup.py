"""What a run was set up with: classes, and hyperparameters at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class GroupSetup:
    """A parameter group of an optimizer, as it was when labkit first read it.

    Attributes
    ----------
    name : str
        As in the series ``"lr/<name>"``.
    optimizer : str
        Class name of the optimizer.
    values : mapping of str to str
        The hyperparameters that are numbers, tuples of numbers, booleans, text or None, as text.
    """

    name: str
    optimizer: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class SchedulerSetup:
    """A scheduler of learning rates, as it was when labkit first read its optimizer.

    Attributes
    ----------
    name : str
        Class name.
    values : mapping of str to str
        The hyperparameters, as in `GroupSetup`.
    """

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class RunSetup:
    """What is known of how a run was set up.

    Attributes
    ----------
    models : mapping of str to str
        Class names by the labels of the models; the label of an only model is ``""``.
    dtypes : tuple of str
        Types of the parameters, for example ``("float32",)``.
    loss_function : str or None
        Class name of the given loss function; None if none was given.
    groups : tuple of GroupSetup
    schedulers : tuple of SchedulerSetup
    """

    models: Mapping[str, str] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ()
    loss_function: str | None = None
    groups: tuple[GroupSetup, ...] = ()
    schedulers: tuple[SchedulerSetup, ...] = ()
