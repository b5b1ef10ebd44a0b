"""Finds the objects that hold some tensors or modules: optimizers, scalers, compiled models.

`gc.get_objects` would find them too, but it also returns tuples that other threads are building,
which then raise a SystemError in the user's code. Therefore references are followed from the given
objects to the objects that hold them.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from labkit.capture.parameters import ParameterTable

_CONTAINERS = (dict, list, tuple)
_MAX_PARAMETERS = 8
"""Parameters of each model that a search starts from; an optimizer may hold only some of them."""
_MAX_REFERRERS = 10_000


def find_optimizers(table: ParameterTable) -> list[torch.optim.Optimizer]:
    """Return the optimizers that hold a watched parameter, in the order of their first parameters.

    The search starts from some parameters of each model. An optimizer that holds none of these is
    not found; it is recorded from its first step on.
    """
    parameters: list[torch.Tensor] = []
    for label in dict.fromkeys(entry.label for entry in table.watched):
        own = [e.parameter() for e in table.watched if e.label == label]
        known = [p for p in own if p is not None]
        every = max(1, -(-len(known) // _MAX_PARAMETERS))
        parameters += known[::every]
    # A parameter is in the list of a group, and the group is in the list of an optimizer.
    found = owners(parameters, torch.optim.Optimizer, levels=5)
    places = {entry.names: place for place, entry in enumerate(table.watched)}
    placed = [
        (min(places[entry.names] for entry in held), each)
        for each in found
        if getattr(each, "param_groups", None) and (held := table.held_by(each))
    ]
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]


def find_compiled(models: Iterable[nn.Module]) -> bool:
    """Return whether `torch.compile` has wrapped one of some modules."""
    return any(
        vars(owner).get("_modules", {}).get("_orig_mod") is model
        for model in models
        for owner in owners([model], nn.Module, levels=3)
    )


def references_to_scalers(factor: torch.Tensor) -> list[Callable[[], torch.amp.GradScaler | None]]:
    """Return weak references to the enabled gradient scalers that hold a factor."""
    found = owners([factor], torch.amp.GradScaler, levels=2)
    return [weakref.ref(scaler) for scaler in found if scaler.is_enabled()]


def owners(objects: Sequence[Any], kind: type[Any], levels: int) -> list[Any]:
    """Return the objects of a type that hold some objects, directly or in containers.

    Parameters
    ----------
    objects : sequence of object
    kind : type
    levels : int
        Maximum number of references to follow, through containers and the holder's namespace.

    Examples
    --------
    >>> weight = torch.zeros(2, requires_grad=True)
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> owners([weight], torch.optim.Optimizer, levels=5) == [optimizer]
    True
    """
    found: dict[int, Any] = {}
    level: list[Any] = list(objects)
    seen = {id(level), id(objects), id(found), *map(id, level)}
    for _ in range(levels):
        referrers = gc.get_referrers(*level)
        seen.add(id(referrers))
        level = []
        seen.add(id(level))
        for each in referrers[:_MAX_REFERRERS]:
            if id(each) in seen:
                continue
            seen.add(id(each))
            if issubclass(type(each), kind):
                found[id(each)] = each
            elif type(each) in _CONTAINERS:
                level.append(each)
        if not level:
            break
    return list(found.values())
