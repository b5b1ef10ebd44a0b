"""Restores the attributes of modules after an extra run of the user's code."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat

_CONTAINERS = (list, dict, set, OrderedDict, deque)
_MAX_ITEMS = 10_000
"""Maximum number of items of a container whose items are restored."""


class ModuleState:
    """The class and the attributes of one module, with the items of those that are containers.

    Parameters, buffers, submodules and hooks are such items, so that those that are replaced,
    added or removed are restored. Objects of other classes are not searched.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._class = type(module)
        self._attributes = dict(vars(module))
        self._items = {
            name: _items(value)
            for name, value in self._attributes.items()
            if type(value) in _CONTAINERS and len(value) <= _MAX_ITEMS
        }
        self._gradients = [
            (parameter, parameter.grad)
            for parameter in torch_compat.direct_parameters(module).values()
            if parameter.is_leaf
        ]

    def tensors(self) -> Iterator[torch.Tensor]:
        """Yield the buffers and other tensors of the module that are no parameters."""
        for value in self._values():
            if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
                yield value

    def parameters(self) -> Iterator[torch.Tensor]:
        """Yield the parameters of the module."""
        yield from torch_compat.direct_parameters(self._module).values()

    def gradients(self) -> Iterator[torch.Tensor]:
        """Yield the gradients of the parameters."""
        yield from (gradient for _, gradient in self._gradients if gradient is not None)

    def generators(self) -> Iterator[object]:
        """Yield the attributes that may be random number generators."""
        yield from self._values()

    def restore(self) -> None:
        """Restore the class, the attributes and the items of containers that have changed."""
        with suppress(Exception):
            if type(self._module) is not self._class:  # a lazy module was initialized
                self._module.__class__ = self._class
        own = vars(self._module)
        for name in own.keys() - self._attributes.keys():
            del own[name]
        for name, value in self._attributes.items():
            if own.get(name) is not value:
                own[name] = value
        for name, items in self._items.items():
            if not _same(_items(own[name]), items):
                _set_items(own[name], items)

    def restore_gradients(self) -> None:
        """Restore the ``.grad`` of the parameters, where another tensor or None was assigned."""
        for parameter, gradient in self._gradients:
            if parameter.grad is not gradient:
                parameter.grad = gradient

    def _values(self) -> Iterator[object]:
        for value in self._attributes.values():
            if type(value) not in _CONTAINERS:
                yield value
        for items in self._items.values():
            yield from (item[1] if isinstance(item, _Pair) else item for item in items)


class _Pair(tuple[Any, Any]):
    """A key and a value of a dict."""

    __slots__ = ()


def _items(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return [_Pair(item) for item in container.items()]
    return list(container)


def _same(some: list[Any], others: list[Any]) -> bool:
    """Return whether two lists have the same objects; equality of tensors is not defined."""
    if len(some) != len(others):
        return False
    pairs = zip(some, others, strict=True)
    return all(
        all(x is y for x, y in zip(a, b, strict=True))
        if isinstance(a, _Pair) and isinstance(b, _Pair)
        else a is b
        for a, b in pairs
    )


def _set_items(container: Any, items: list[Any]) -> None:
    container.clear()
    if isinstance(container, (dict, set)):
        container.update(items)
    else:
        container.extend(items)
