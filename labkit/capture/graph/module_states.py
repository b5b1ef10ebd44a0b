"""Restores the attributes of modules after an extra run of the user's code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import torch
from torch import nn

from labkit.capture import torch_compat


class ModuleState:
    """The class and the attributes of one module.

    Parameters, buffers, submodules and hooks are items of containers that are attributes, so that
    those that are replaced, added or removed are restored with the items (see `ObjectStates`).
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._class = type(module)
        self._attributes = dict(vars(module))
        self._scripted = torch_compat.script_attributes(module)

    def values(self) -> Iterator[object]:
        """Yield the attributes, without the parameters."""
        for name, value in self._attributes.items():
            if name != "_parameters":
                yield value
        yield from self._scripted.values()

    def items_of_parameters(self) -> Iterator[object]:
        """Yield the container of the parameters."""
        if "_parameters" in self._attributes:
            yield self._attributes["_parameters"]

    def parameters(self) -> Iterator[torch.Tensor]:
        """Yield the parameters of the module."""
        yield from torch_compat.direct_parameters(self._module).values()

    def restore(self) -> None:
        """Restore the class and the attributes that have changed."""
        with suppress(Exception):
            if type(self._module) is not self._class:  # a lazy module was initialized
                self._module.__class__ = self._class
        own = vars(self._module)
        for name in own.keys() - self._attributes.keys():
            del own[name]
        for name, value in self._attributes.items():
            if own.get(name) is not value:
                own[name] = value
        torch_compat.restore_script_attributes(self._module, self._scripted)
