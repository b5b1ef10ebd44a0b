"""The processes that train one model together, and the part of a tensor that each of them holds."""

from __future__ import annotations

import math
import os
import sys
import weakref
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import distributed, nn

_MAX_PROCESSES = 1_000_000


class Place(NamedTuple):
    """The number of this process, counted from 0, and the number of all processes."""

    rank: int
    world_size: int


def place_of_process() -> Place | None:
    """Return the place of this process among those that train together; None if it is alone.

    It is that of the default process group or, before there is one, what a launcher such as
    ``torchrun`` has written to the environment.
    """
    if distributed.is_available() and distributed.is_initialized():
        place = Place(distributed.get_rank(), distributed.get_world_size())
    else:
        try:
            place = Place(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
        except (KeyError, ValueError):
            return None
    sensible = 0 <= place.rank < place.world_size <= _MAX_PROCESSES
    return place if sensible and place.world_size > 1 else None


def published_text(key: str) -> str | None:
    """Return what a process has published under a key, without waiting; None if nothing yet.

    Raises
    ------
    Exception
        If the store of the default process group cannot be reached.
    """
    store = _default_store()
    if store is None or not store.check([key]):
        return None
    return bytes(store.get(key)).decode()


def publish_text(key: str, text: str) -> bool:
    """Publish a text to all processes; return whether there is a process group.

    Raises
    ------
    Exception
        If the store of the default process group cannot be reached.
    """
    store = _default_store()
    if store is not None:
        store.set(key, text)
    return store is not None


def _default_store() -> Any:
    """Return the store that the processes of the default group have in common; None without one."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return None
    return getattr(distributed.distributed_c10d, "_get_default_store", lambda: None)()


class Shard(NamedTuple):
    """The part of a distributed tensor that this process holds.

    Attributes
    ----------
    values : Tensor
        The part, which may be empty.
    holders : int
        Number of processes that hold a part of the tensor.
    copies : int
        Number of processes that hold the same part.
    """

    values: torch.Tensor
    holders: int
    copies: int

    @property
    def is_whole(self) -> bool:
        """Whether the part is the whole tensor."""
        return self.holders == self.copies


def shard_of(tensor: torch.Tensor) -> Shard | None:
    """Return the part of a `DTensor` that this process holds, without communication.

    None for other tensors, and for one whose parts are summands.
    """
    module = sys.modules.get("torch.distributed.tensor")
    if module is None or not isinstance(tensor, module.DTensor):
        return None
    mesh, placements = tensor.device_mesh, tensor.placements
    if any(placement.is_partial() for placement in placements):
        return None
    with torch.no_grad():
        values = tensor.to_local()
    wait = getattr(values, "wait", None)  # of a communication that is under way
    values = values if wait is None else wait()
    repeated = (mesh.size(at) for at, each in enumerate(placements) if each.is_replicate())
    return Shard(values.detach(), mesh.size(), math.prod(repeated))


_FSDP = "torch.distributed.fsdp._fully_shard._fsdp_state"
Whole = Callable[[], torch.Tensor | None]
"""Returns the tensor that stands for a parameter within a pass, if it exists."""


def uses_fsdp() -> bool:
    """Return whether a model of this process may be sharded by ``fully_shard``."""
    return _FSDP in sys.modules


def whole_parameters(modules: Iterable[nn.Module]) -> list[tuple[torch.Tensor, Whole]]:
    """Return the parameters that FSDP has sharded, each with what returns the whole one."""
    state_of = getattr(sys.modules.get(_FSDP), "_get_module_fsdp_state", lambda module: None)
    try:
        states = [state for module in modules if (state := state_of(module)) is not None]
        groups = [group for state in states for group in _parameter_groups(state)]
        return [
            (each.sharded_param, _whole_of(weakref.ref(each)))
            for group in groups
            for each in group.fsdp_params
        ]
    except AttributeError:  # another version of torch
        return []


def _parameter_groups(state: Any) -> list[Any]:
    """Return the groups of parameters that FSDP gathers together."""
    several = getattr(state, "_fsdp_param_groups", None)
    if several is not None:
        return list(several)
    single = state._fsdp_param_group
    return [] if single is None else [single]


def _whole_of(reference: weakref.ref[Any]) -> Whole:
    return lambda: getattr(reference(), "_unsharded_param", None)
