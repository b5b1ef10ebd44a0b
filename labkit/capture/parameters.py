"""Which parameters are watched, under which names, without keeping the model alive."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Watched:
    """One watched parameter.

    Attributes
    ----------
    names : tuple of str
        Its names in the models; several where weights are tied.
    label : str
        The model it belongs to, ``""`` when one model is watched.
    ref : weak reference to the parameter
    """

    names: tuple[str, ...]
    label: str
    ref: weakref.ref[nn.Parameter]


def prefixed(label: str, path: str) -> str:
    """Return a path within a model as a path within all watched models."""
    return f"{label}.{path}" if label and path else label or path


class ParameterTable:
    """The watched parameters in the order of their definition.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.
    """

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        names: dict[int, list[str]] = {}
        owners: dict[int, tuple[str, nn.Parameter]] = {}
        for label, model in models.items():
            for path, parameter in model.named_parameters(remove_duplicate=False):
                names.setdefault(id(parameter), []).append(prefixed(label, path))
                owners.setdefault(id(parameter), (label, parameter))
        self.watched = tuple(
            Watched(tuple(names[key]), label, weakref.ref(parameter))
            for key, (label, parameter) in owners.items()
        )
        self._index = {key: place for place, key in enumerate(owners)}

    def find(self, tensor: object) -> Watched | None:
        """Return the entry of a parameter, None for any other object."""
        place = self._index.get(id(tensor))
        if place is None or self.watched[place].ref() is not tensor:
            return None
        return self.watched[place]

    def held_by(self, optimizer: torch.optim.Optimizer) -> list[Watched]:
        """Return the watched parameters that an optimizer holds."""
        held = (p for group in optimizer.param_groups for p in group["params"])
        return [entry for entry in map(self.find, held) if entry is not None]
