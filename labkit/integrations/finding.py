"""Finds the adapter of an object by the names of its classes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from labkit.integrations.recording import Recording

_ADAPTERS = {
    ("accelerate", "Accelerator"): "accelerate",
    ("fastai", "Learner"): "fastai",
    ("ignite", "Engine"): "ignite",
    ("keras", "Model"): "keras",
    ("lightning", "Trainer"): "lightning",
    ("pytorch_lightning", "Trainer"): "lightning",
    ("transformers", "Trainer"): "transformers",
}
"""The adapter of a class, by its package and its name."""


class Adapter(Protocol):
    """A module of this package."""

    def connect(self, trainer: Any, recording: Recording) -> None:
        """Register callbacks with a trainer that call the methods of a recording.

        Parameters
        ----------
        trainer : object
            A trainer, or a mapping of names to trainers.
        recording : Recording

        Raises
        ------
        TypeError, ValueError
            If the trainer cannot be recorded; nothing is registered then.
        """


def adapter_of(trainer: object) -> Adapter | None:
    """Return the adapter of a trainer; None if it is none, for example a model.

    A mapping of names to engines of Ignite has their adapter.

    Raises
    ------
    TypeError
        If it is a mapping of names to other trainers.

    Examples
    --------
    >>> adapter_of(3) is None
    True
    """
    if isinstance(trainer, Mapping):
        found = {_module_of(each) for each in trainer.values()} - {None}
        if found - {"ignite"}:
            raise TypeError(
                "watch takes one trainer at a time, without a name. Example: lk.watch(trainer)"
            )
        name = next(iter(found), None)
    else:
        name = _module_of(trainer)
    if name is None:
        return None
    return cast("Adapter", import_module(f"labkit.integrations.{name}"))


def _module_of(trainer: object) -> str | None:
    for each in type(trainer).__mro__:
        package = str(each.__module__).partition(".")[0]
        if (name := _ADAPTERS.get((package, each.__name__))) is not None:
            return name
    return None
