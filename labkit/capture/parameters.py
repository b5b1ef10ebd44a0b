"""The watched parameters and the modules that hold them, without references to tensors.

A parameter is identified by its module and attribute, and is looked up there when it is needed. A
parameter that is replaced, moved or swapped therefore keeps its name, and there is no weak
reference to a tensor, which `torch.utils.swap_tensors` would refuse.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.torch_compat import (
    direct_modules,
    direct_parameter,
    direct_parameters,
    named_modules,
)


@dataclass(frozen=True)
class Watched:
    """One watched parameter.

    Attributes
    ----------
    names : tuple of str
        Its names in the models; several if weights are tied.
    label : str
        Label of its model, ``""`` if a single model is watched.
    module : weak reference to Module
        The module that holds it.
    attribute : str
        Its name in that module.
    """

    names: tuple[str, ...]
    label: str
    module: weakref.ref[nn.Module]
    attribute: str

    def parameter(self) -> torch.Tensor | None:
        """Return the present parameter; None if the module or the parameter no longer exists."""
        module = self.module()
        return None if module is None else direct_parameter(module, self.attribute)


@dataclass(frozen=True)
class _Container:
    """A module, and the names and identities of its direct submodules."""

    module: weakref.ref[nn.Module]
    names: tuple[str, ...]
    children: tuple[int, ...]

    @classmethod
    def of(cls, module: nn.Module) -> _Container:
        held = direct_modules(module)
        return cls(weakref.ref(module), tuple(held), tuple(map(id, held.values())))

    def is_unchanged(self) -> bool:
        module = self.module()
        if module is None:
            return False
        held = direct_modules(module)
        return tuple(held) == self.names and tuple(map(id, held.values())) == self.children


def prefixed(label: str, path: str) -> str:
    """Return a path within a model, prefixed with the model's label."""
    return f"{label}.{path}" if label and path else label or path


class ParameterTable:
    """The watched parameters, in the order of their definition.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    >>> table = ParameterTable({"": model})
    >>> [entry.names[0] for entry in table.watched]
    ['0.weight', '0.bias', '1.weight', '1.bias']
    >>> model[1] = nn.Linear(2, 1, bias=False)
    >>> table.refresh()
    True
    >>> [entry.names[0] for entry in table.watched]
    ['0.weight', '0.bias', '1.weight']
    """

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        self.watched: tuple[Watched, ...] = ()
        self.layout: tuple[_Container, ...] = ()
        """The submodules of each module; replaced by another object when they change."""
        self._index: dict[int, int] = {}
        self._whole: dict[int, tuple[int, Callable[[], torch.Tensor | None]]] = {}
        """The places of parameters whose tensors are others within a pass, by the latters' ids."""
        self._roots = {label: weakref.ref(model) for label, model in models.items()}
        self._modules: dict[str, dict[str, weakref.ref[nn.Module]]] = {}
        for label, model in models.items():
            self._modules[label] = {
                path: weakref.ref(module) for path, module in named_modules(model)
            }
        self._read()

    def find(self, tensor: object) -> Watched | None:
        """Return the entry of a parameter; None for any other object."""
        place = self._index.get(id(tensor))
        if place is not None and self.watched[place].parameter() is tensor:
            return self.watched[place]
        place, whole = self._whole.get(id(tensor), (-1, _no_tensor))
        return self.watched[place] if whole() is tensor else None

    def find_whole_parameters(self) -> None:
        """Let `find` find the tensors by which FSDP replaces parameters within a pass."""
        if not torch_compat.uses_fsdp():
            return
        modules = [module for label in self._roots for _, module in self._living(label)]
        for part, whole in torch_compat.whole_parameters(modules):
            place, tensor = self._index.get(id(part)), whole()
            if place is not None and tensor is not None:
                self._whole[id(tensor)] = place, whole

    def held_by(self, optimizer: torch.optim.Optimizer) -> list[Watched]:
        """Return the watched parameters that an optimizer holds."""
        held = (p for group in optimizer.param_groups for p in group["params"])
        return [entry for entry in map(self.find, held) if entry is not None]

    def refresh(self) -> bool:
        """Update the parameters; return whether some were added, removed or replaced."""
        before = self.watched, self._index
        self._read()
        return (self.watched, self._index) != before

    def is_stale(self) -> bool:
        """Return whether a parameter was replaced or removed since the last update."""
        places = zip(self._index, self.watched, strict=True)
        return any(id(entry.parameter()) != key for key, entry in places)

    def is_renamed(self) -> bool:
        """Return whether modules were added, removed or renamed since the last update.

        For example, removing a layer from the middle of a list renames the layers after it.
        """
        return not all(container.is_unchanged() for container in self.layout)

    def living_module(self) -> nn.Module | None:
        """Return a watched model that exists; else a module that holds a watched parameter."""
        roots = (root() for root in self._roots.values())
        root = next((root for root in roots if root is not None), None)
        # Of the modules of a deleted model, the last one is likely to be freed last.
        holders = (entry.module() for entry in reversed(self.watched))
        return root if root is not None else next((m for m in holders if m is not None), None)

    def _read(self) -> None:
        names: dict[int, list[str]] = {}
        owners: dict[int, tuple[str, nn.Module, str]] = {}
        containers: dict[int, _Container] = {}
        for label in self._roots:
            for path, module in self._living(label):
                if direct_modules(module) and id(module) not in containers:
                    containers[id(module)] = _Container.of(module)
                for attribute, parameter in direct_parameters(module).items():
                    name = prefixed(label, f"{path}.{attribute}" if path else attribute)
                    names.setdefault(id(parameter), []).append(name)
                    owners.setdefault(id(parameter), (label, module, attribute))
        self.watched = tuple(
            Watched(tuple(names[key]), label, weakref.ref(module), attribute)
            for key, (label, module, attribute) in owners.items()
        )
        self._index = {key: place for place, key in enumerate(owners)}
        self._whole.clear()
        layout = tuple(containers.values())
        if layout != self.layout:
            self.layout = layout

    def _living(self, label: str) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules of a model; if the model was deleted, its remaining modules."""
        root = self._roots[label]()
        if root is not None:
            yield from named_modules(root)
            return
        for path, reference in self._modules[label].items():
            module = reference()
            if module is not None:
                yield path, module


def _no_tensor() -> None:
    """Return no tensor."""
