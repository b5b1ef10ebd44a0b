"""The modules of the watched models: their paths and the activation functions on their outputs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping

from torch import nn

from labkit.capture import torch_compat
from labkit.capture.parameters import prefixed
from labkit.capture.readings.activations.statistics import (
    ActivationFunction,
    activation_of,
    activations_after,
)
from labkit.run import ComputationGraph


class WatchedModules:
    """Maps the modules of some models to their paths and activation functions.

    Parameters
    ----------
    models : mapping of str to Module
        By label, ``""`` for an only model. Held weakly.
    on_error : callable
        Called with the path of a module whose attributes cannot be read, and the exception.

    Attributes
    ----------
    can_have_hooks : bool
        Whether none of the modules is compiled; hooks would recompile it.
    """

    def __init__(
        self, models: Mapping[str, nn.Module], on_error: Callable[[str, Exception], None]
    ) -> None:
        self._models = {label: weakref.ref(model) for label, model in models.items()}
        self._roots = {id(model) for model in models.values()}
        self._on_error = on_error
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._of_module: dict[str, ActivationFunction] = {}
        self._after_module: dict[str, ActivationFunction] = {}
        self._graph_signature = ""
        self.can_have_hooks = True
        self.update()

    def first_model(self) -> nn.Module | None:
        """Return the first model; None if it no longer exists."""
        return next(iter(self._models.values()))()

    def is_model(self, module: nn.Module) -> bool:
        """Return whether a module of this table is one of the models."""
        return id(module) in self._roots

    def path_of(self, module: nn.Module) -> str | None:
        """Return the path of a module; None if it is not part of the models."""
        known = self._paths.get(id(module))
        return None if known is None or known[1]() is not module else known[0]

    def activation_function(self, path: str) -> ActivationFunction | None:
        """Return the activation function that a module is, or that is called on its output."""
        return self._of_module.get(path) or self._after_module.get(path)

    def update_from_graph(self, graph: ComputationGraph | None) -> None:
        """Find the activation functions that are called on modules' outputs in a new graph."""
        if graph is not None and graph.signature != self._graph_signature:
            self._after_module = dict(activations_after(graph))
            self._graph_signature = graph.signature

    def update(self) -> None:
        """Update the paths, as modules may have been added, removed or renamed.

        Modules of a model that no longer exists keep their former paths.
        """
        models = {label: reference() for label, reference in self._models.items()}
        before = self._paths
        self._paths = {} if all(model is not None for model in models.values()) else dict(before)
        found: set[int] = set()
        for label, model in models.items():
            for path, module in () if model is None else model.named_modules():
                if id(module) in found:  # part of two models
                    continue
                found.add(id(module))
                name, known = prefixed(label, path), before.get(id(module))
                if known is not None and known[0] == name and known[1]() is module:
                    self._paths[id(module)] = known
                else:
                    self._add(name, module)

    def _add(self, path: str, module: nn.Module) -> None:
        self._paths[id(module)] = (path, weakref.ref(module))
        self._of_module.pop(path, None)
        self._after_module.pop(path, None)
        try:
            self.can_have_hooks = self.can_have_hooks and not torch_compat.is_compiled(module)
            activation = activation_of(module)
        except Exception as error:  # noqa: BLE001 - an attribute of the user's may raise
            self._on_error(path, error)
            return
        if activation is not None:
            self._of_module[path] = activation
